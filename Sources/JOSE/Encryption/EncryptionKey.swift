// A key that encrypts tokens: somebody's public key, or a shared one. The public kind has nothing private in it, so
// that no slip can publish what decrypts.

package import JSON
package import OpenSSL

/// A key that tokens are encrypted to.
package struct EncryptionKey: Sendable, CustomStringConvertible, CustomReflectable {
  enum Material: Sendable {
    case asymmetric(PublicKey, PublicParameters)
    case symmetric(SecretBytes)
  }

  let terms: EncryptionTerms
  let material: Material

  /// The name which the recipient knows it by; nil when the JWK has none, and then the header names none either.
  package var kid: String? { terms.kid }
  /// What tokens are encrypted with.
  package var algorithm: KeyManagementAlgorithm { terms.algorithm }
  /// What the content may be encrypted with: one where the key names it, those that fit the key's size with `dir`.
  package var contents: [ContentEncryption] { terms.contents }
  package var description: String { "EncryptionKey(\(algorithm.rawValue))" }
  package var customMirror: Mirror { Mirror(self, children: []) }

  init(_ terms: EncryptionTerms, _ material: Material) {
    self.terms = terms
    self.material = material
  }

  /// Reads a JWK: a public key, a private one of which the public part is kept, or a symmetric one. `algorithm` is for
  /// a key on a curve that names none (ECDH-ES otherwise) and for a symmetric one that names none (refused otherwise).
  /// Throws `unsupportedKey` for a type, curve or algorithm that is not ours or not the one asked for, `wrongKeyUse`
  /// for a signature key, `weakKey`, or `invalidKey`, also for a symmetric key which is not of its algorithm's exact
  /// size.
  package init(_ value: JSONValue, algorithm: KeyManagementAlgorithm? = nil) throws(JOSEError) {
    let members = try JWKMembers(value, for: .encrypt)
    if members.kty == "oct" {
      try self.init(members, symmetric: algorithm)
    } else {
      let key = try members.publicKey()
      try self.init(
        try EncryptionTerms(members, algorithm, kind: key.kind, size: nil), key)
    }
  }

  init(_ members: JWKMembers, symmetric algorithm: KeyManagementAlgorithm?) throws(JOSEError) {
    var bytes = try members.symmetricKey()
    defer { wipe(&bytes) }
    terms = try EncryptionTerms(members, algorithm, kind: nil, size: bytes.count)
    material = .symmetric(SecretBytes(copying: bytes))
  }

  init(_ terms: EncryptionTerms, _ key: PublicKey) throws(JOSEError) {
    let parameters: PublicParameters
    do { parameters = try key.parameters() } catch { throw .invalidKey }
    // A key that came as a JWK has been through this, one that came as PEM has not.
    try parameters.checkStrength()
    self.init(terms, .asymmetric(key, parameters))
  }

  /// Takes a public key that came without a JWK, as PEM for one. Without an algorithm it is as for a JWK without `alg`.
  /// Throws `unsupportedKey` when the key is not for that algorithm, or `weakKey`.
  package init(key: PublicKey, algorithm: KeyManagementAlgorithm? = nil, kid: String? = nil) throws(JOSEError) {
    try self.init(try EncryptionTerms(kid: kid, algorithm, nil, kind: key.kind), key)
  }

  /// The thumbprint (RFC 7638). That of a symmetric key lets whoever sees it check guesses at the key (RFC 7638 7), so
  /// it is never made its name.
  package var thumbprint: String {
    switch material {
    case .asymmetric(_, let parameters): parameters.thumbprint
    case .symmetric(let bytes): bytes.withBytes { Thumbprint.of(symmetric: $0) }
    }
  }

  /// Writes the JWK as an object; throws `noPublicKey` for a symmetric key.
  package func write(into writer: inout JSONWriter) throws(JOSEError) {
    guard case .asymmetric(_, let parameters) = material else { throw .noPublicKey }
    writer.beginObject()
    parameters.writeMembers(into: &writer)
    terms.writeMembers(into: &writer)
    writer.endObject()
  }
}

extension EncryptionTerms {
  /// Writes what a JWK says beside its numbers.
  func writeMembers(into writer: inout JSONWriter) {
    if let kid { writer.member("kid", kid) }
    if alternative == nil { writer.member("alg", algorithm.rawValue) }
    if bindsContent, let content = contents.first { writer.member("enc", content.rawValue) }
    writer.member("use", "enc")
    if !encrypts { writer.member("key_ops", algorithm == .direct ? ["decrypt"] : ["unwrapKey"]) }
  }
}
