// A public key: from and to SPKI (DER, PEM) and the raw parameters that a JWK names.

import COpenSSL

/// A public key.
///
/// `@unchecked Sendable`: an EVP_PKEY is not changed after its creation and its reference count is atomic.
package final class PublicKey: @unchecked Sendable {
  let pointer: OpaquePointer
  package let kind: KeyKind

  /// Takes ownership of `pointer`.
  init(_ pointer: OpaquePointer) throws(OpenSSLError) {
    do {
      kind = try KeyKind(of: pointer)
    } catch {
      EVP_PKEY_free(pointer)
      throw error
    }
    self.pointer = pointer
  }

  deinit { EVP_PKEY_free(pointer) }

  /// The public half of a private key, as an object of its own which holds nothing private.
  convenience init(ofPrivate key: OpaquePointer) throws(OpenSSLError) {
    try self.init(spki: try encodeDER("i2d_PUBKEY") { i2d_PUBKEY(key, $0) })
  }

  /// Reads a SubjectPublicKeyInfo in DER (RFC 5280 4.1.2.7); refuses trailing bytes.
  package convenience init(spki bytes: [UInt8]) throws(OpenSSLError) {
    try self.init(try decodeDER(bytes, "d2i_PUBKEY", free: EVP_PKEY_free) { d2i_PUBKEY(nil, $0, $1) })
  }

  /// The SubjectPublicKeyInfo in DER.
  package func spki() throws(OpenSSLError) -> [UInt8] {
    try encodeDER("i2d_PUBKEY") { i2d_PUBKEY(pointer, $0) }
  }
}
