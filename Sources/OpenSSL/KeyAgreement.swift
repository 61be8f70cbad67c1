// Diffie-Hellman on elliptic curves: P-256 and the other NIST curves (NIST SP 800-56A 5.7.1.2), X25519 (RFC 7748 6.1).

import COpenSSL

/// Agrees on a secret with the owner of another key; safe from any thread.
package enum KeyAgreement {
  /// The secret that both keys' owners can compute: the shared point's x, or X25519's output; not yet a key. Throws
  /// when the keys are not of the same kind, cannot agree on anything, or X25519 gives only zeros, because the other
  /// key is one of the few points of low order (RFC 7748 6.1).
  package static func secret(of key: PrivateKey, with peer: PublicKey) throws(OpenSSLError) -> SecretBytes {
    guard key.kind == peer.kind else { throw OpenSSLError(call: "KeyAgreement", reason: "keys of different kinds") }
    return try secret(key.pointer, peer.pointer)
  }

  /// The same between a key made for this once and `peer`, and that key's public part.
  package static func secretWithNewKey(
    for peer: PublicKey
  ) throws(OpenSSLError) -> (secret: SecretBytes, ephemeral: PublicParameters) {
    // This object has the private half inside; it doesn't leave this function.
    let key = try PublicKey(try generate(like: peer))
    return (try secret(key.pointer, peer.pointer), try key.parameters())
  }

  /// A new key with the peer's parameters, that is, on its curve.
  private static func generate(like peer: PublicKey) throws(OpenSSLError) -> OpaquePointer {
    let context = try OpenSSLError.unwrap(
      EVP_PKEY_CTX_new_from_pkey(nil, peer.pointer, nil), "EVP_PKEY_CTX_new_from_pkey")
    defer { EVP_PKEY_CTX_free(context) }
    try OpenSSLError.check(EVP_PKEY_keygen_init(context), "EVP_PKEY_keygen_init")
    var key: OpaquePointer?
    try OpenSSLError.check(EVP_PKEY_generate(context, &key), "EVP_PKEY_generate")
    return try OpenSSLError.unwrap(key, "EVP_PKEY_generate")
  }

  private static func secret(_ key: OpaquePointer, _ peer: OpaquePointer) throws(OpenSSLError) -> SecretBytes {
    let context = try OpenSSLError.unwrap(EVP_PKEY_CTX_new_from_pkey(nil, key, nil), "EVP_PKEY_CTX_new_from_pkey")
    defer { EVP_PKEY_CTX_free(context) }
    try OpenSSLError.check(EVP_PKEY_derive_init(context), "EVP_PKEY_derive_init")
    // Without another check of the peer, which takes as long as the agreement: a PublicKey is on its curve, and these
    // curves have prime order (or are X25519), so that there is nothing more to find (NIST SP 800-56A 5.6.2.3.4).
    try OpenSSLError.check(EVP_PKEY_derive_set_peer_ex(context, peer, 0), "EVP_PKEY_derive_set_peer_ex")
    var size = 0
    try OpenSSLError.check(EVP_PKEY_derive(context, nil, &size), "EVP_PKEY_derive")
    let expected = size
    let secret = try SecretBytes(count: expected) { output throws(OpenSSLError) in
      let target = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
      try OpenSSLError.check(EVP_PKEY_derive(context, target, &size), "EVP_PKEY_derive")
    }
    // OpenSSL refuses zeros from X25519 itself; this is for the one that no longer does.
    let isZero = secret.withBytes { $0.reduce(0) { $0 | $1 } == 0 }
    guard size == expected, !isZero else { throw OpenSSLError(call: "EVP_PKEY_derive", reason: "no usable secret") }
    return secret
  }
}
