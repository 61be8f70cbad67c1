// Verifies signatures by one key, again and again, on one thread (it is not Sendable).

import COpenSSL

/// A verifying context of one thread.
package final class Verifier {
  private let context: SignatureContext

  /// Throws when the key is not for that scheme.
  package init(key: PublicKey, scheme: SignatureScheme) throws(OpenSSLError) {
    context = try SignatureContext(key.pointer, key.kind, scheme, .verifying)
  }

  /// The size which a signature must have, in bytes.
  package var signatureSize: Int { context.signatureSize }

  /// Whether `signature` is the key's over `input`. False also when it is malformed or OpenSSL cannot tell.
  package func isValid(_ signature: UnsafeRawBufferPointer, over input: UnsafeRawBufferPointer) -> Bool {
    guard signature.count == signatureSize,
      let start = signature.baseAddress?.assumingMemoryBound(to: UInt8.self)
    else { return false }
    let isValid: Bool
    switch context.operation {
    case .message(let operation): isValid = isValidMessage(operation, start, input)
    case .digest(let operation, let digest):
      if case .ecdsa(let curve) = context.scheme {
        let form = ECDSAForm(curve)
        isValid = withUnsafeTemporaryAllocation(of: UInt8.self, capacity: form.largest) { encoded in
          let size = form.encode(start, into: encoded)
          return isValidDigest(operation, digest, UnsafePointer(encoded.baseAddress), size, input)
        }
      } else {
        isValid = isValidDigest(operation, digest, start, signatureSize, input)
      }
    }
    // A bad signature leaves its reason in the thread's queue, where a later failure would pick it up.
    if !isValid { ERR_clear_error() }
    return isValid
  }

  private func isValidDigest(
    _ operation: OpaquePointer, _ digest: DigestContext, _ signature: UnsafePointer<UInt8>?, _ size: Int,
    _ input: UnsafeRawBufferPointer
  ) -> Bool {
    let result = try? withDigest(input, digest) { EVP_PKEY_verify(operation, signature, size, $0, $1) }
    return result == 1
  }

  private func isValidMessage(
    _ operation: OpaquePointer, _ signature: UnsafePointer<UInt8>, _ input: UnsafeRawBufferPointer
  ) -> Bool {
    guard EVP_DigestVerifyInit_ex(operation, nil, nil, nil, nil, context.key, nil) == 1 else { return false }
    let start = input.baseAddress?.assumingMemoryBound(to: UInt8.self)
    return EVP_DigestVerify(operation, signature, signatureSize, start, input.count) == 1
  }
}
