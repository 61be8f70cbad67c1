// A private key. It leaves this type as PKCS#8, for wrapping, and by its parameters; it has no description and no
// equality.

import COpenSSL

/// A private key with its public half.
///
/// `@unchecked Sendable`: an EVP_PKEY is not changed after its creation and its reference count is atomic.
package final class PrivateKey: @unchecked Sendable {
  let pointer: OpaquePointer
  package let kind: KeyKind
  package let publicKey: PublicKey

  /// Takes ownership of `pointer`.
  init(_ pointer: OpaquePointer) throws(OpenSSLError) {
    do {
      kind = try KeyKind(of: pointer)
      publicKey = try PublicKey(ofPrivate: pointer)
    } catch {
      EVP_PKEY_free(pointer)
      throw error
    }
    self.pointer = pointer
  }

  deinit { EVP_PKEY_free(pointer) }

  /// A new random key; an RSA one takes a good part of a second.
  package static func generate(_ kind: KeyKind) throws(OpenSSLError) -> PrivateKey {
    let context = try OpenSSLError.unwrap(
      EVP_PKEY_CTX_new_from_name(nil, kind.name, nil), "EVP_PKEY_CTX_new_from_name")
    defer { EVP_PKEY_CTX_free(context) }
    try OpenSSLError.check(EVP_PKEY_keygen_init(context), "EVP_PKEY_keygen_init")
    switch kind {
    case .p256, .p384, .p521:
      let name = kind.curve?.rawValue
      try OpenSSLError.check(EVP_PKEY_CTX_set_group_name(context, name), "EVP_PKEY_CTX_set_group_name")
    case .rsa(let bits):
      try OpenSSLError.check(
        EVP_PKEY_CTX_set_rsa_keygen_bits(context, Int32(bits)), "EVP_PKEY_CTX_set_rsa_keygen_bits")
    case .ed25519, .x25519, .mlDSA44, .mlDSA65, .mlDSA87: break
    }
    var key: OpaquePointer?
    try OpenSSLError.check(EVP_PKEY_generate(context, &key), "EVP_PKEY_generate")
    return try PrivateKey(try OpenSSLError.unwrap(key, "EVP_PKEY_generate"))
  }

  /// Reads PKCS#8 in DER (RFC 5958), unencrypted; refuses trailing bytes and a key whose parts do not fit together.
  package convenience init(pkcs8 bytes: [UInt8]) throws(OpenSSLError) {
    let info = try decodeDER(bytes, "d2i_PKCS8_PRIV_KEY_INFO", free: PKCS8_PRIV_KEY_INFO_free) {
      d2i_PKCS8_PRIV_KEY_INFO(nil, $0, $1)
    }
    defer { PKCS8_PRIV_KEY_INFO_free(info) }
    try self.init(try OpenSSLError.unwrap(EVP_PKCS82PKEY(info), "EVP_PKCS82PKEY"))
    try checkPair()
  }

  /// Checks that private and public half belong together, for RSA with all that RFC 8017 3.2 asks for; the other kinds
  /// derive the public half.
  func checkPair() throws(OpenSSLError) {
    switch kind {
    case .p256, .p384, .p521, .rsa: break
    case .ed25519, .x25519, .mlDSA44, .mlDSA65, .mlDSA87: return
    }
    let context = try OpenSSLError.unwrap(
      EVP_PKEY_CTX_new_from_pkey(nil, pointer, nil), "EVP_PKEY_CTX_new_from_pkey")
    defer { EVP_PKEY_CTX_free(context) }
    try OpenSSLError.check(EVP_PKEY_pairwise_check(context), "EVP_PKEY_pairwise_check")
  }

  /// The key as PKCS#8 in DER, unencrypted; the caller wipes it.
  package func pkcs8() throws(OpenSSLError) -> [UInt8] {
    let info = try OpenSSLError.unwrap(EVP_PKEY2PKCS8(pointer), "EVP_PKEY2PKCS8")
    defer { PKCS8_PRIV_KEY_INFO_free(info) }
    return try encodeDER("i2d_PKCS8_PRIV_KEY_INFO") { i2d_PKCS8_PRIV_KEY_INFO(info, $0) }
  }
}
