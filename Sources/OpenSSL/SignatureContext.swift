// The OpenSSL contexts behind Signer and Verifier, made once for a key and reused: a fresh one for each signature costs
// an eighth of an ES256 signature. ECDSA and RSA sign a digest (EVP_PKEY_sign); Ed25519 and ML-DSA take the whole
// message.
//
// One thread owns it. The key is held by a count of its own, so no key object need outlive it.

import COpenSSL

/// A reusable context for one key and one scheme.
final class SignatureContext {
  enum Purpose { case signing, verifying }

  /// What OpenSSL is given: a digest of the message, or all of it.
  enum Operation {
    case digest(OpaquePointer, DigestContext)
    case message(OpaquePointer)
  }

  let scheme: SignatureScheme
  let signatureSize: Int
  let operation: Operation
  let key: OpaquePointer

  init(_ key: OpaquePointer, _ kind: KeyKind, _ scheme: SignatureScheme, _ purpose: Purpose) throws(OpenSSLError) {
    guard let size = scheme.signatureSize(kind) else {
      throw OpenSSLError(call: "SignatureContext", reason: "a scheme that is not for this kind of key")
    }
    operation = try Self.operation(key, scheme, purpose)
    self.scheme = scheme
    signatureSize = size
    EVP_PKEY_up_ref(key)
    self.key = key
  }

  deinit {
    switch operation {
    case .digest(let context, _): EVP_PKEY_CTX_free(context)
    case .message(let context): EVP_MD_CTX_free(context)
    }
    EVP_PKEY_free(key)
  }

  private static func operation(
    _ key: OpaquePointer, _ scheme: SignatureScheme, _ purpose: Purpose
  ) throws(OpenSSLError) -> Operation {
    guard let hash = scheme.hash else {
      return .message(try OpenSSLError.unwrap(EVP_MD_CTX_new(), "EVP_MD_CTX_new"))
    }
    let digest = try DigestContext(hash)
    let context = try OpenSSLError.unwrap(
      EVP_PKEY_CTX_new_from_pkey(nil, key, nil), "EVP_PKEY_CTX_new_from_pkey")
    do throws(OpenSSLError) {
      try prepare(context, scheme, hash, purpose)
    } catch {
      EVP_PKEY_CTX_free(context)
      throw error
    }
    return .digest(context, digest)
  }

  private static func prepare(
    _ context: OpaquePointer, _ scheme: SignatureScheme, _ hash: HashFunction, _ purpose: Purpose
  ) throws(OpenSSLError) {
    switch purpose {
    case .signing: try OpenSSLError.check(EVP_PKEY_sign_init(context), "EVP_PKEY_sign_init")
    case .verifying: try OpenSSLError.check(EVP_PKEY_verify_init(context), "EVP_PKEY_verify_init")
    }
    let algorithm = hash.algorithm.pointer
    try OpenSSLError.check(EVP_PKEY_CTX_set_signature_md(context, algorithm), "EVP_PKEY_CTX_set_signature_md")
    switch scheme {
    case .rsaPKCS1:
      try OpenSSLError.check(EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING), "EVP_PKEY_CTX_set_rsa_padding")
    case .rsaPSS:
      try OpenSSLError.check(
        EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING), "EVP_PKEY_CTX_set_rsa_padding")
      try OpenSSLError.check(EVP_PKEY_CTX_set_rsa_mgf1_md(context, algorithm), "EVP_PKEY_CTX_set_rsa_mgf1_md")
      // As long as the digest: made so, and when verifying nothing else is taken.
      try OpenSSLError.check(
        EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST), "EVP_PKEY_CTX_set_rsa_pss_saltlen")
    case .ecdsa, .ed25519, .mlDSA: break
    }
  }
}

/// Calls `body` with the digest of `input`, on the stack.
func withDigest(
  _ input: UnsafeRawBufferPointer, _ context: DigestContext, _ body: (UnsafePointer<UInt8>, Int) -> Int32
) throws(OpenSSLError) -> Int32 {
  try withTemporaryBytes(context.hash.size) { digest throws(OpenSSLError) in
    try context.digest(input, into: digest)
    return body(digest, context.hash.size)
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
