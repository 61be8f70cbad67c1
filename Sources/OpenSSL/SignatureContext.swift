// The OpenSSL contexts behind Signer and Verifier, made once for a key and reused: a fresh one for each signature costs
// an eighth of an ES256 signature. ECDSA and RSA sign a digest (EVP_PKEY_sign); Ed25519 takes the whole message.
//
// One thread owns it. The key is held by a count of its own, so no key object need outlive it.

import COpenSSL

/// A reusable context for one key and one scheme.
final class SignatureContext {
  enum Purpose { case signing, verifying }

  let scheme: SignatureScheme
  let signatureSize: Int
  /// For ECDSA and RSA; nil for Ed25519.
  private(set) var operation: OpaquePointer?
  /// For Ed25519; nil otherwise.
  private(set) var message: OpaquePointer?
  let key: OpaquePointer
  private let hasher: SHA256Hasher

  init(_ key: OpaquePointer, _ kind: KeyKind, _ scheme: SignatureScheme, _ purpose: Purpose) throws(OpenSSLError) {
    guard let size = scheme.signatureSize(kind) else {
      throw OpenSSLError(call: "SignatureContext", reason: "a scheme that is not for this kind of key")
    }
    self.scheme = scheme
    signatureSize = size
    hasher = try SHA256Hasher()
    EVP_PKEY_up_ref(key)
    self.key = key
    if scheme == .ed25519 {
      message = try OpenSSLError.unwrap(EVP_MD_CTX_new(), "EVP_MD_CTX_new")
    } else {
      operation = try OpenSSLError.unwrap(EVP_PKEY_CTX_new_from_pkey(nil, key, nil), "EVP_PKEY_CTX_new_from_pkey")
      try prepare(purpose)
    }
  }

  deinit {
    EVP_PKEY_CTX_free(operation)
    EVP_MD_CTX_free(message)
    EVP_PKEY_free(key)
  }

  private func prepare(_ purpose: Purpose) throws(OpenSSLError) {
    switch purpose {
    case .signing: try OpenSSLError.check(EVP_PKEY_sign_init(operation), "EVP_PKEY_sign_init")
    case .verifying: try OpenSSLError.check(EVP_PKEY_verify_init(operation), "EVP_PKEY_verify_init")
    }
    if scheme == .rsaPKCS1SHA256 {
      try OpenSSLError.check(
        EVP_PKEY_CTX_set_rsa_padding(operation, RSA_PKCS1_PADDING), "EVP_PKEY_CTX_set_rsa_padding")
    }
    try OpenSSLError.check(
      EVP_PKEY_CTX_set_signature_md(operation, Algorithms.sha256.pointer), "EVP_PKEY_CTX_set_signature_md")
  }

  /// Calls `body` with the SHA-256 digest of `input`, on the stack.
  func withDigest(
    _ input: UnsafeRawBufferPointer, _ body: (UnsafePointer<UInt8>) -> Int32
  ) throws(OpenSSLError) -> Int32 {
    try withTemporaryBytes(Digest.sha256Size) { digest throws(OpenSSLError) in
      try hasher.digest(input, into: digest)
      return body(digest)
    }
  }
}

/// Calls `body` with `count` bytes of the stack.
func withTemporaryBytes<Value>(
  _ count: Int, _ body: (UnsafeMutablePointer<UInt8>) throws(OpenSSLError) -> Value
) throws(OpenSSLError) -> Value {
  let result: Result<Value, OpenSSLError> = withUnsafeTemporaryAllocation(of: UInt8.self, capacity: count) { buffer in
    guard let start = buffer.baseAddress else { preconditionFailure("an allocation has a start") }
    do throws(OpenSSLError) { return .success(try body(start)) } catch { return .failure(error) }
  }
  return try result.get()
}
