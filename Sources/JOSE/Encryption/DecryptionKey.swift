// A key that decrypts tokens: one's own private key, or a shared one. Its contents leave through the methods only whose
// names say so.

package import JSON
package import OpenSSL

/// A key that tokens are decrypted with.
package struct DecryptionKey: Sendable, CustomStringConvertible, CustomReflectable {
  enum Material: Sendable {
    case asymmetric(PrivateKey)
    case symmetric(SecretBytes)
  }

  let material: Material
  /// The other half: what is published of it, or the same shared key (which may be for decrypting alone).
  package let encryptionKey: EncryptionKey

  var terms: EncryptionTerms { encryptionKey.terms }
  /// The name that headers use, nil when the JWK has none.
  package var kid: String? { terms.kid }
  /// What it decrypts; see `EncryptionKey.algorithm`. One on a curve that names none decrypts both forms of ECDH-ES.
  package var algorithm: KeyManagementAlgorithm { terms.algorithm }
  package var description: String { "DecryptionKey(\(algorithm.rawValue))" }
  package var customMirror: Mirror { Mirror(self, children: []) }

  /// Takes a private key that came without a JWK, as PEM for one. Throws `unsupportedKey` when the key is not for that
  /// algorithm, or `weakKey`.
  package init(
    _ key: PrivateKey, algorithm: KeyManagementAlgorithm? = nil, kid: String? = nil
  ) throws(JOSEError) {
    material = .asymmetric(key)
    encryptionKey = try EncryptionKey(key: key.publicKey, algorithm: algorithm, kid: kid)
  }

  /// Reads a private or symmetric JWK. `algorithm` and errors are as with `EncryptionKey`; a public key is
  /// `invalidKey`.
  package init(_ value: JSONValue, algorithm: KeyManagementAlgorithm? = nil) throws(JOSEError) {
    let members = try JWKMembers(value, for: .decrypt)
    if members.kty == "oct" {
      self.init(symmetric: try EncryptionKey(members, symmetric: algorithm))
    } else {
      let key = try members.privateKey()
      let terms = try EncryptionTerms(members, algorithm, kind: key.kind, size: nil)
      self.init(.asymmetric(key), try EncryptionKey(terms, key.publicKey))
    }
  }

  private init(_ material: Material, _ encryptionKey: EncryptionKey) {
    self.material = material
    self.encryptionKey = encryptionKey
  }

  private init(symmetric key: EncryptionKey) {
    guard case .symmetric(let bytes) = key.material else { preconditionFailure("not a symmetric key") }
    self.init(.symmetric(bytes), key)
  }

  /// A new random key. `content` binds the key to one content encryption; with `dir`, where the key's size depends on
  /// it, it is A256GCM unless given. `kind` is for another curve or a larger RSA key. The kid is the thumbprint, or 128
  /// random bits for a symmetric key. A `dir` key for GCM may encrypt 2^32 tokens, since each takes a random nonce of
  /// 96 bits (NIST SP 800-38D 8.3); keys that never come near are better: A256KW has no such limit. RSA takes a good
  /// part of a second. Throws `unsupportedKey` when the kind is not for the algorithm, or `weakKey`.
  package static func generate(
    _ algorithm: KeyManagementAlgorithm, _ content: ContentEncryption? = nil, kind: KeyKind? = nil
  ) throws(JOSEError) -> DecryptionKey {
    guard let kind = kind ?? algorithm.keyKind else { return try generateSymmetric(algorithm, content) }
    guard algorithm.accepts(kind) else { throw .unsupportedKey }
    let key: PrivateKey
    let thumbprint: String
    do {
      key = try PrivateKey.generate(kind)
      thumbprint = try key.publicKey.parameters().thumbprint
    } catch { throw .cryptographyFailed }
    let terms = try EncryptionTerms(kid: thumbprint, algorithm, content, kind: kind)
    return DecryptionKey(.asymmetric(key), try EncryptionKey(terms, key.publicKey))
  }

  private static func generateSymmetric(
    _ algorithm: KeyManagementAlgorithm, _ content: ContentEncryption?
  ) throws(JOSEError) -> DecryptionKey {
    let content = algorithm == .direct ? content ?? .a256GCM : content
    let size = algorithm == .direct ? content?.keySize ?? 0 : AESKeyWrap.keySize
    let kid = Base64URL.encode(Random.bytes(16))
    let terms = try EncryptionTerms(kid: kid, algorithm, content, size: size)
    return DecryptionKey(symmetric: EncryptionKey(terms, .symmetric(SecretBytes(random: size))))
  }

  /// Writes the whole JWK, private members included, as an object; the caller wipes the writer's bytes.
  package func writePrivate(into writer: inout JSONWriter) throws(JOSEError) {
    writer.beginObject()
    switch material {
    case .symmetric(let bytes):
      writer.member("k", bytes.withBytes { Base64URL.encode($0) })
      writer.member("kty", "oct")
    case .asymmetric(let key):
      do {
        try key.publicKey.parameters().writeMembers(into: &writer)
        try key.parameters().writePrivateMembers(into: &writer)
      } catch { throw .cryptographyFailed }
    }
    terms.writeMembers(into: &writer)
    writer.endObject()
  }
}
