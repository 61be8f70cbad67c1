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
    switch context.operation {
    case .message(let operation): try signMessage(operation, input, target)
    case .digest(let operation, let digest):
      if case .ecdsa(let curve) = context.scheme {
        try signECDSA(operation, digest, input, target, ECDSAForm(curve))
      } else {
        try signDigest(operation, digest, input, target, size: signatureSize)
      }
    }
  }

  private func signECDSA(
    _ operation: OpaquePointer, _ digest: DigestContext, _ input: UnsafeRawBufferPointer,
    _ target: UnsafeMutablePointer<UInt8>, _ form: ECDSAForm
  ) throws(OpenSSLError) {
    try withTemporaryBytes(form.largest) { encoded throws(OpenSSLError) in
      let size = try signDigest(operation, digest, input, encoded, size: form.largest)
      guard form.decode(UnsafeBufferPointer(start: encoded, count: size), into: target) else {
        throw OpenSSLError(call: "EVP_PKEY_sign", reason: "a signature in an unknown form")
      }
    }
  }

  @discardableResult
  private func signDigest(
    _ operation: OpaquePointer, _ digest: DigestContext, _ input: UnsafeRawBufferPointer,
    _ target: UnsafeMutablePointer<UInt8>, size: Int
  ) throws(OpenSSLError) -> Int {
    var size = size
    let result = try withDigest(input, digest) { EVP_PKEY_sign(operation, target, &size, $0, $1) }
    try OpenSSLError.check(result, "EVP_PKEY_sign")
    return size
  }

  /// Initialises before each message: newer versions of OpenSSL refuse to go on with a finished context.
  private func signMessage(
    _ operation: OpaquePointer, _ input: UnsafeRawBufferPointer, _ target: UnsafeMutablePointer<UInt8>
  ) throws(OpenSSLError) {
    try OpenSSLError.check(
      EVP_DigestSignInit_ex(operation, nil, nil, nil, nil, context.key, nil), "EVP_DigestSignInit_ex")
    var size = signatureSize
    let start = input.baseAddress?.assumingMemoryBound(to: UInt8.self)
    try OpenSSLError.check(EVP_DigestSign(operation, target, &size, start, input.count), "EVP_DigestSign")
    guard size == signatureSize else { throw OpenSSLError(call: "EVP_DigestSign", reason: "another size") }
  }
}
