// AES key wrapping (RFC 3394) with a key of 256 bits: a key, in 8 bytes more, that can't be changed unnoticed.

import COpenSSL

/// Wraps keys with keys; safe from any thread.
package enum AESKeyWrap {
  /// The bytes of the key that wraps.
  package static let keySize = 32
  /// The bytes that a wrapped key is longer than the key.
  package static let overhead = 8

  /// The wrapped `key`, which must have a multiple of 8 bytes, at least 16. Throws when `wrapping` is not 32 bytes.
  package static func wrap(_ key: SecretBytes, with wrapping: SecretBytes) throws(OpenSSLError) -> [UInt8] {
    precondition(key.count >= 16 && key.count.isMultiple(of: 8))
    var wrapped = [UInt8](repeating: 0, count: key.count + overhead)
    let size = try key.withBytes { key throws(OpenSSLError) in
      try wrapped.withMutableBytes { wrapped throws(OpenSSLError) in
        try context(.encrypting, wrapping).update(key, into: wrapped.baseAddress)
      }
    }
    guard size == wrapped.count else { throw OpenSSLError(call: "EVP_CipherUpdate", reason: "another size") }
    return wrapped
  }

  /// The key of `size` bytes inside `wrapped`; random bytes instead, after as long, when it was not made by `wrap` with
  /// that key (RFC 7516 11.5). Throws when `wrapping` is not 32 bytes.
  package static func unwrapOrRandom(
    _ wrapped: [UInt8], with wrapping: SecretBytes, size: Int
  ) throws(OpenSSLError) -> SecretBytes {
    let random = SecretBytes(random: size)
    // The size is nothing secret.
    guard wrapped.count == size + overhead else { return random }
    let context = try context(.decrypting, wrapping)
    return try wrapped.withBytes { wrapped throws(OpenSSLError) in
      try withTemporaryBytes(wrapped.count) { key throws(OpenSSLError) in
        let buffer = UnsafeMutableRawBufferPointer(start: key, count: wrapped.count)
        buffer.initializeMemory(as: UInt8.self, repeating: 0)
        defer { wipe(buffer) }
        let used = context.updateQuietly(wrapped, into: key)
        return SecretBytes(UnsafeRawBufferPointer(start: key, count: size), if: used == size, else: random)
      }
    }
  }

  private static func context(
    _ direction: CipherContext.Direction, _ wrapping: SecretBytes
  ) throws(OpenSSLError) -> CipherContext {
    try wrapping.withBytes { wrapping throws(OpenSSLError) in
      try CipherContext(Algorithms.aes256Wrap, direction, key: wrapping, nonce: nil)
    }
  }
}

extension Algorithms {
  static let aes256Wrap = Algorithm(EVP_CIPHER_fetch(nil, "AES-256-WRAP", nil))
}
