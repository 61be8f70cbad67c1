// Signs with one key, again and again, on one thread (it is not Sendable). Allocates nothing itself.

import COpenSSL

/// A signing context of one thread.
package final class Signer {
  private let context: SignatureContext

  /// Throws when the key cannot sign in that scheme.
  package init(key: PrivateKey, scheme: SignatureScheme) throws(OpenSSLError) {
    context = try SignatureContext(key.pointer, key.kind, scheme, .signing)
  }

  /// The size of each signature in bytes.
  package var signatureSize: Int { context.signatureSize }

  /// Writes the signature of `input` into `output`, which must have `signatureSize` bytes.
  package func sign(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
  ) throws(OpenSSLError) {
    precondition(output.count == signatureSize)
    let target = try OpenSSLError.unwrap(output.baseAddress, "Signer.sign").assumingMemoryBound(to: UInt8.self)
    switch context.scheme {
    case .ecdsaP256SHA256: try signECDSA(input, target)
    case .rsaPKCS1SHA256: try signDigest(input, target, size: signatureSize)
    case .ed25519: try signMessage(input, target)
    }
  }

  private func signECDSA(_ input: UnsafeRawBufferPointer, _ target: UnsafeMutablePointer<UInt8>) throws(OpenSSLError) {
    try withTemporaryBytes(ECDSAForm.largest) { encoded throws(OpenSSLError) in
      let size = try signDigest(input, encoded, size: ECDSAForm.largest)
      guard ECDSAForm.decode(UnsafeBufferPointer(start: encoded, count: size), into: target) else {
        throw OpenSSLError(call: "EVP_PKEY_sign", reason: "a signature in an unknown form")
      }
    }
  }

  @discardableResult
  private func signDigest(
    _ input: UnsafeRawBufferPointer, _ target: UnsafeMutablePointer<UInt8>, size: Int
  ) throws(OpenSSLError) -> Int {
    var size = size
    let result = try context.withDigest(input) {
      EVP_PKEY_sign(context.operation, target, &size, $0, Digest.sha256Size)
    }
    try OpenSSLError.check(result, "EVP_PKEY_sign")
    return size
  }

  /// Initialises before each message: newer versions of OpenSSL refuse to go on with a finished context.
  private func signMessage(_ input: UnsafeRawBufferPointer, _ target: UnsafeMutablePointer<UInt8>) throws(OpenSSLError)
  {
    try OpenSSLError.check(
      EVP_DigestSignInit_ex(context.message, nil, nil, nil, nil, context.key, nil), "EVP_DigestSignInit_ex")
    var size = signatureSize
    let start = input.baseAddress?.assumingMemoryBound(to: UInt8.self)
    try OpenSSLError.check(EVP_DigestSign(context.message, target, &size, start, input.count), "EVP_DigestSign")
  }
}
