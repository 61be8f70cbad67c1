// AES in Galois/Counter Mode (NIST SP 800-38D), with nonces of 12 and tags of 16 bytes.

import COpenSSL

/// AES-GCM with the key size that the algorithm says.
enum AESGCM {
  static let tagSize = 16

  static func seal(
    _ plaintext: UnsafeRawBufferPointer, _ algorithm: Algorithm, key: UnsafeRawBufferPointer, nonce: [UInt8],
    associatedData: UnsafeRawBufferPointer
  ) throws(OpenSSLError) -> AuthenticatedCipher.Sealed {
    let context = try CipherContext(algorithm, .encrypting, key: key, nonce: nonce)
    try context.bind(associatedData)
    let ciphertext = try bytes(through: context, plaintext)
    return AuthenticatedCipher.Sealed(ciphertext: ciphertext, tag: try context.tag(size: tagSize))
  }

  /// Throws when the tag does not match; what had been decrypted until then is wiped.
  static func open(
    _ ciphertext: UnsafeRawBufferPointer, _ tag: [UInt8], _ algorithm: Algorithm, key: UnsafeRawBufferPointer,
    nonce: [UInt8], associatedData: UnsafeRawBufferPointer
  ) throws(OpenSSLError) -> [UInt8] {
    let context = try CipherContext(algorithm, .decrypting, key: key, nonce: nonce)
    try context.expect(tag: tag)
    try context.bind(associatedData)
    return try bytes(through: context, ciphertext)
  }

  private static func bytes(
    through context: CipherContext, _ input: UnsafeRawBufferPointer
  ) throws(OpenSSLError) -> [UInt8] {
    // One byte more, so that there is an address also for an empty text.
    var output = [UInt8](repeating: 0, count: input.count + 1)
    do throws(OpenSSLError) {
      try output.withMutableBytes { output throws(OpenSSLError) in
        let start = try OpenSSLError.unwrap(output.baseAddress, "AESGCM")
        let size = try context.update(input, into: start)
        guard size + (try context.finish(into: start + size)) == input.count else {
          throw OpenSSLError(call: "EVP_CipherFinal_ex", reason: "another size than that of the input")
        }
      }
    } catch {
      wipe(&output)
      throw error
    }
    output.removeLast()
    return output
  }
}
