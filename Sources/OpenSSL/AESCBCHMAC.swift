// AES in CBC mode with HMAC over it, as RFC 7518 5.2.2 puts them together: encrypt, then MAC; the first half of the key
// is the MAC's, the second the cipher's; the tag is the first half of the MAC. The MAC is checked before anything is
// decrypted, so that the padding says nothing to somebody who lacks the key.

import COpenSSL

/// The two halves of a key with what uses them. Borrows the key's bytes, so it lives inside one call.
struct AESCBCHMAC {
  private let cipher: Algorithm
  private let hash: HashFunction
  private let macKey: UnsafeRawBufferPointer
  private let cipherKey: UnsafeRawBufferPointer
  private var tagSize: Int { hash.size / 2 }

  init(_ cipher: Algorithm, _ hash: HashFunction, _ key: UnsafeRawBufferPointer) {
    self.cipher = cipher
    self.hash = hash
    macKey = UnsafeRawBufferPointer(rebasing: key[..<(key.count / 2)])
    cipherKey = UnsafeRawBufferPointer(rebasing: key[(key.count / 2)...])
  }

  func seal(
    _ plaintext: UnsafeRawBufferPointer, nonce: [UInt8], associatedData: UnsafeRawBufferPointer
  ) throws(OpenSSLError) -> AuthenticatedCipher.Sealed {
    let ciphertext = try through(.encrypting, plaintext, nonce)
    let tag = try ciphertext.withBytes { ciphertext throws(OpenSSLError) in
      try mac(associatedData, nonce, ciphertext)
    }
    return AuthenticatedCipher.Sealed(ciphertext: ciphertext, tag: Array(tag[..<tagSize]))
  }

  func open(
    _ ciphertext: UnsafeRawBufferPointer, tag: [UInt8], nonce: [UInt8], associatedData: UnsafeRawBufferPointer
  ) throws(OpenSSLError) -> [UInt8] {
    let expected = try mac(associatedData, nonce, ciphertext)
    guard constantTimeEqual(Array(expected[..<tagSize]), tag) else {
      throw OpenSSLError(call: "EVP_MAC_final", reason: "the tag does not match")
    }
    return try through(.decrypting, ciphertext, nonce)
  }

  /// HMAC over associated data, nonce, ciphertext and the number of bits of the first, as 64 bits (RFC 7518 5.2.2.1).
  private func mac(
    _ associatedData: UnsafeRawBufferPointer, _ nonce: [UInt8], _ ciphertext: UnsafeRawBufferPointer
  ) throws(OpenSSLError) -> [UInt8] {
    let context = try OpenSSLError.unwrap(EVP_MAC_CTX_new(Algorithms.hmac.pointer), "EVP_MAC_CTX_new")
    defer { EVP_MAC_CTX_free(context) }
    let key = macKey.baseAddress?.assumingMemoryBound(to: UInt8.self)
    let result = withParameters([.text(.digest, hash.parameter)]) { EVP_MAC_init(context, key, macKey.count, $0) }
    try OpenSSLError.check(result, "EVP_MAC_init")
    let bits = withUnsafeBytes(of: (UInt64(associatedData.count) * 8).bigEndian) { Array($0) }
    var isDone = update(context, associatedData)
    isDone = nonce.withUnsafeBytes { update(context, $0) } && isDone
    isDone = update(context, ciphertext) && isDone
    isDone = bits.withUnsafeBytes { update(context, $0) } && isDone
    guard isDone else { throw OpenSSLError("EVP_MAC_update") }
    var tag = [UInt8](repeating: 0, count: hash.size)
    var size = 0
    try OpenSSLError.check(EVP_MAC_final(context, &tag, &size, tag.count), "EVP_MAC_final")
    guard size == tag.count else { throw OpenSSLError(call: "EVP_MAC_final", reason: "a tag of another size") }
    return tag
  }

  private func update(_ context: OpaquePointer, _ bytes: UnsafeRawBufferPointer) -> Bool {
    bytes.isEmpty || EVP_MAC_update(context, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count) == 1
  }

  /// Through the cipher, with the padding of RFC 5652 6.3 added or taken off.
  private func through(
    _ direction: CipherContext.Direction, _ input: UnsafeRawBufferPointer, _ nonce: [UInt8]
  ) throws(OpenSSLError) -> [UInt8] {
    let context = try CipherContext(cipher, direction, key: cipherKey, nonce: nonce)
    var output = [UInt8](repeating: 0, count: input.count + 32)
    var used = 0
    do throws(OpenSSLError) {
      used = try output.withMutableBytes { output throws(OpenSSLError) in
        let start = try OpenSSLError.unwrap(output.baseAddress, "AESCBCHMAC")
        let size = try context.update(input, into: start)
        return size + (try context.finish(into: start + size))
      }
    } catch {
      wipe(&output)
      throw error
    }
    output.removeLast(output.count - used)
    return output
  }
}
