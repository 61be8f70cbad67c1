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
    let (key, used) = bytes.withUnsafeBufferPointer { buffer in
      var start = buffer.baseAddress
      let key = d2i_PUBKEY(nil, &start, buffer.count)
      return (key, start.map { $0 - (buffer.baseAddress ?? $0) } ?? 0)
    }
    try self.init(try OpenSSLError.unwrap(key, "d2i_PUBKEY"))
    guard used == bytes.count else { throw OpenSSLError(call: "d2i_PUBKEY", reason: "trailing bytes") }
  }

  /// Reads the first PEM block, which must be a `PUBLIC KEY`.
  package convenience init(pem: String) throws(OpenSSLError) {
    let text = Array(pem.utf8)
    // The memory BIO borrows `text`, so it may not outlive the closure.
    let key = text.withUnsafeBytes { buffer in
      let source = BIO_new_mem_buf(buffer.baseAddress, Int32(buffer.count))
      defer { BIO_free(source) }
      return PEM_read_bio_PUBKEY(source, nil, nil, nil)
    }
    try self.init(try OpenSSLError.unwrap(key, "PEM_read_bio_PUBKEY"))
  }

  /// The SubjectPublicKeyInfo in DER.
  package func spki() throws(OpenSSLError) -> [UInt8] {
    try encodeDER("i2d_PUBKEY") { i2d_PUBKEY(pointer, $0) }
  }

  /// The SubjectPublicKeyInfo in PEM, with its final newline.
  package func pem() throws(OpenSSLError) -> String {
    let target = try OpenSSLError.unwrap(BIO_new(BIO_s_mem()), "BIO_new")
    defer { BIO_free(target) }
    try OpenSSLError.check(PEM_write_bio_PUBKEY(target, pointer), "PEM_write_bio_PUBKEY")
    var text = [UInt8](repeating: 0, count: BIO_ctrl_pending(target))
    let size = BIO_read(target, &text, Int32(text.count))
    guard size == text.count else { throw OpenSSLError("BIO_read") }
    return String(decoding: text, as: UTF8.self)
  }
}
