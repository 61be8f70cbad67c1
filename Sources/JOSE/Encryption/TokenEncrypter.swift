// Makes compact JWE (RFC 7516 7.1) with one key, on one thread (it is not Sendable). But for the ephemeral key of
// ECDH-ES the header never changes, so it is encoded once.
//
// Every token has a fresh content encryption key and so may take a random nonce; only with `dir` the key is always the
// same, and with GCM may encrypt 2^32 tokens (NIST SP 800-38D 8.3).

import JSON
import OpenSSL

/// Encrypts tokens of one type with one key, on one thread.
package final class TokenEncrypter {
  /// The largest plaintext, in bytes.
  package static let largest = 16 << 20

  /// More than an ephemeral key takes in the header, in bytes of JSON: two coordinates of P-521 are 176.
  private static let ephemeralSize = 256

  private let key: EncryptionKey
  private let content: ContentEncryption
  private let type: String?
  private let contentType: String?
  /// `BASE64URL(header)`, where it is always the same.
  private let fixedHeader: [UInt8]?

  /// `contentType` is "JWT" when the plaintext is a signed token (RFC 7519 5.2), `type` what the whole is. Throws
  /// `encryptionMismatch` when the key is not for that content encryption, `wrongKeyUse` when it is for decrypting
  /// alone, `tooLarge` when kid and types make a header that no TokenDecrypter would read.
  package init(
    key: EncryptionKey, content: ContentEncryption, contentType: String? = nil, type: String? = nil
  ) throws(JOSEError) {
    guard key.terms.encrypts else { throw .wrongKeyUse }
    guard key.contents.contains(content) else { throw .encryptionMismatch }
    self.key = key
    self.content = content
    self.type = type
    self.contentType = contentType
    let header = Self.header(key, content, contentType: contentType, type: type, ephemeral: nil)
    guard header.count <= Base64URL.encodedSize(EncryptedHeader.largest - Self.ephemeralSize) else { throw .tooLarge }
    fixedHeader = key.algorithm.isAgreement ? nil : header
  }

  /// Appends the token to `output`. Throws `tooLarge`, or on the library's failure; then `output` is as it was.
  package func encrypt(_ plaintext: UnsafeRawBufferPointer, into output: inout [UInt8]) throws(JOSEError) {
    guard plaintext.count <= Self.largest else { throw .tooLarge }
    do throws(OpenSSLError) {
      let keys = try ContentKey(for: key, content)
      let header =
        fixedHeader ?? Self.header(key, content, contentType: contentType, type: type, ephemeral: keys.ephemeral)
      let nonce = Random.bytes(content.cipher.nonceSize)
      let sealed = try keys.bytes.withBytes { bytes throws(OpenSSLError) in
        try header.withBytes { header throws(OpenSSLError) in
          try content.cipher.seal(plaintext, key: bytes, nonce: nonce, associatedData: header)
        }
      }
      output.reserveCapacity(max(output.capacity, output.count + size(header, keys, sealed)))
      output += header
      for part in [keys.encrypted, nonce, sealed.ciphertext, sealed.tag] {
        output.append(UInt8(ascii: "."))
        Base64URL.encode(part, into: &output)
      }
    } catch { throw .cryptographyFailed }
  }

  /// Appends the token to `output`. Throws `tooLarge`, or on the library's failure; then `output` is as it was.
  package func encrypt(_ plaintext: [UInt8], into output: inout [UInt8]) throws(JOSEError) {
    try plaintext.withBytes { plaintext throws(JOSEError) in try encrypt(plaintext, into: &output) }
  }

  private func size(_ header: [UInt8], _ keys: ContentKey, _ sealed: AuthenticatedCipher.Sealed) -> Int {
    header.count + 4 + Base64URL.encodedSize(keys.encrypted.count) + Base64URL.encodedSize(content.cipher.nonceSize)
      + Base64URL.encodedSize(sealed.ciphertext.count) + Base64URL.encodedSize(sealed.tag.count)
  }

  private static func header(
    _ key: EncryptionKey, _ content: ContentEncryption, contentType: String?, type: String?,
    ephemeral: PublicParameters?
  ) -> [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("alg", key.algorithm.rawValue)
    writer.member("enc", content.rawValue)
    if let type { writer.member("typ", type) }
    if let contentType { writer.member("cty", contentType) }
    if let kid = key.kid { writer.member("kid", kid) }
    if let ephemeral {
      writer.name("epk")
      writer.beginObject()
      ephemeral.writeMembers(into: &writer)
      writer.endObject()
    }
    writer.endObject()
    var header: [UInt8] = []
    Base64URL.encode(writer.bytes, into: &header)
    return header
  }
}

/// The content encryption key of one token, with what tells the recipient (RFC 7516 5.1, steps 1 to 8).
private struct ContentKey {
  let bytes: SecretBytes
  /// The encrypted key; empty where the token has none.
  let encrypted: [UInt8]
  let ephemeral: PublicParameters?

  init(for key: EncryptionKey, _ content: ContentEncryption) throws(OpenSSLError) {
    switch key.material {
    case .symmetric(let shared):
      ephemeral = nil
      if key.algorithm == .direct {
        bytes = shared
        encrypted = []
      } else {
        bytes = SecretBytes(random: content.keySize)
        encrypted = try AESKeyWrap.wrap(bytes, with: shared)
      }
    case .asymmetric(let peer, _) where key.algorithm.isAgreement:
      let (secret, parameters) = try KeyAgreement.secretWithNewKey(for: peer)
      let derived = try AgreementInfo().key(from: secret, key.algorithm, content)
      ephemeral = parameters
      bytes = key.algorithm == .ecdhES ? derived : SecretBytes(random: content.keySize)
      encrypted = key.algorithm == .ecdhES ? [] : try AESKeyWrap.wrap(bytes, with: derived)
    case .asymmetric(let peer, _):
      bytes = SecretBytes(random: content.keySize)
      encrypted = try RSAOAEP.encrypt(bytes, to: peer)
      ephemeral = nil
    }
  }
}
