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
    switch context.scheme {
    case .ecdsaP256SHA256:
      isValid = withUnsafeTemporaryAllocation(of: UInt8.self, capacity: ECDSAForm.largest) { encoded in
        let size = ECDSAForm.encode(start, into: encoded)
        return isValidDigest(UnsafePointer(encoded.baseAddress), size, input)
      }
    case .rsaPKCS1SHA256: isValid = isValidDigest(start, signatureSize, input)
    case .ed25519: isValid = isValidMessage(start, input)
    }
    // A bad signature leaves its reason in the thread's queue, where a later failure would pick it up.
    if !isValid { ERR_clear_error() }
    return isValid
  }

  private func isValidDigest(_ signature: UnsafePointer<UInt8>?, _ size: Int, _ input: UnsafeRawBufferPointer) -> Bool {
    let result = try? context.withDigest(input) {
      EVP_PKEY_verify(context.operation, signature, size, $0, Digest.sha256Size)
    }
    return result == 1
  }

  private func isValidMessage(_ signature: UnsafePointer<UInt8>, _ input: UnsafeRawBufferPointer) -> Bool {
    guard EVP_DigestVerifyInit_ex(context.message, nil, nil, nil, nil, context.key, nil) == 1 else { return false }
    let start = input.baseAddress?.assumingMemoryBound(to: UInt8.self)
    return EVP_DigestVerify(context.message, signature, signatureSize, start, input.count) == 1
  }
}
