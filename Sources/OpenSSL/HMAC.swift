// HMAC with one key: keyed once, then reset for each tag, which skips two of the four compressions a short message
// needs and allocates nothing. One thread owns it (it is not Sendable).

import COpenSSL

/// HMAC with SHA-256, as everything but JOSE's HS384 and HS512 wants it.
package typealias HMACSHA256 = HMAC

/// A keyed HMAC (FIPS 198-1) of one thread.
package final class HMAC {
  /// The bytes of a whole tag.
  package let tagSize: Int
  private let context: OpaquePointer

  /// Takes a key, as long as the hash by preference; keeps only what OpenSSL derives from it.
  package convenience init(key: [UInt8], hash: HashFunction = .sha256) throws(OpenSSLError) {
    precondition(!key.isEmpty, "an empty key means 'the one before' to OpenSSL")
    try self.init(hash) { context, parameters in EVP_MAC_init(context, key, key.count, parameters) }
  }

  /// Takes a key, as long as the hash by preference; keeps only what OpenSSL derives from it.
  package convenience init(key: SecretBytes, hash: HashFunction) throws(OpenSSLError) {
    precondition(key.count > 0, "an empty key means 'the one before' to OpenSSL")
    try self.init(hash) { context, parameters in
      key.withBytes { EVP_MAC_init(context, $0.baseAddress?.assumingMemoryBound(to: UInt8.self), $0.count, parameters) }
    }
  }

  private init(
    _ hash: HashFunction, _ start: (OpaquePointer, UnsafePointer<OSSL_PARAM>) -> Int32
  ) throws(OpenSSLError) {
    tagSize = hash.size
    context = try OpenSSLError.unwrap(EVP_MAC_CTX_new(Algorithms.hmac.pointer), "EVP_MAC_CTX_new")
    let result = withParameters([.text(.digest, hash.parameter)]) { start(context, $0) }
    try OpenSSLError.check(result, "EVP_MAC_init")
  }

  deinit { EVP_MAC_CTX_free(context) }

  /// Writes the tag of `message` into `output`, `tagSize` bytes.
  package func tag(_ message: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) {
    precondition(output.count == tagSize)
    var size = 0
    let isDone =
      EVP_MAC_init(context, nil, 0, nil) == 1
      && EVP_MAC_update(context, message.baseAddress?.assumingMemoryBound(to: UInt8.self), message.count) == 1
      && EVP_MAC_final(context, output.baseAddress?.assumingMemoryBound(to: UInt8.self), &size, output.count) == 1
    // A context that was keyed does not fail; going on without a tag would be worse than stopping.
    precondition(isDone && size == tagSize, "EVP_MAC failed")
  }

  /// The tag of `message`, `tagSize` bytes.
  package func tag(_ message: [UInt8]) -> [UInt8] {
    message.withUnsafeBytes { message in
      [UInt8](unsafeUninitializedCapacity: tagSize) { buffer, used in
        tag(message, into: UnsafeMutableRawBufferPointer(start: buffer.baseAddress, count: tagSize))
        used = tagSize
      }
    }
  }

  /// Whether `expected`, cut to at least 16 bytes, is the tag of `message`; takes the same time wherever it differs.
  package func isTag(_ expected: UnsafeRawBufferPointer, of message: UnsafeRawBufferPointer) -> Bool {
    guard (16...tagSize).contains(expected.count) else { return false }
    return withUnsafeTemporaryAllocation(byteCount: tagSize, alignment: 1) { computed in
      tag(message, into: computed)
      return constantTimeEqual(UnsafeRawBufferPointer(rebasing: computed[..<expected.count]), expected)
    }
  }
}
