// A private signature key as JWK and as PEM, in and out.

package import JSON
import OpenSSL

extension SigningKey {
  /// Reads a private JWK for signatures. Throws `wrongKeyUse` when it is not for signing, `unsupportedKey`, `weakKey`,
  /// `unavailableAlgorithm`, or `invalidKey`, also when its private half is missing or not the public one's.
  package convenience init(_ value: JSONValue) throws(JOSEError) {
    let members = try JWKMembers(value, for: .sign)
    guard members.kty != "oct" else { throw .unsupportedKey }
    let key = try members.privateKey()
    try self.init(key, algorithm: try members.signatureAlgorithm(key.kind), kid: members.kid)
  }

  /// Reads a private key in PEM: PKCS#8, encrypted with PBES2 or not, SEC 1 or PKCS#1 (see `PrivateKey`). PEM names no
  /// algorithm: nil takes the kind's own, RS256 for RSA. Throws `unsupportedKey` when the key is not for the algorithm,
  /// `weakKey`, and `invalidKey` also for a wrong passphrase.
  package convenience init(
    pem: String, passphrase: [UInt8]? = nil, algorithm: SignatureAlgorithm? = nil
  ) throws(JOSEError) {
    if let algorithm, !algorithm.isAvailable { throw .unavailableAlgorithm }
    let key: PrivateKey
    do { key = try PrivateKey(pem: pem, passphrase: passphrase) } catch { throw .invalidKey }
    guard let algorithm = algorithm ?? SignatureAlgorithm(default: key.kind) else { throw .unsupportedKey }
    try self.init(key, algorithm: algorithm)
  }

  /// Writes the JWK with its private members, as an object; the caller wipes the writer's bytes. Throws
  /// `cryptographyFailed`, for an ML-DSA key that was read without its seed too, which is all that a JWK has.
  package func writePrivate(into writer: inout JSONWriter) throws(JOSEError) {
    let members: PrivateParameters
    do { members = try privateKey.parameters() } catch { throw .cryptographyFailed }
    writer.beginObject()
    publicJWK.writeMembers(into: &writer)
    members.writePrivateMembers(into: &writer)
    writer.endObject()
  }

  /// The private key as a PEM `ENCRYPTED PRIVATE KEY`: PBES2 with AES-256-CBC and 600,000 rounds of PBKDF2, which takes
  /// a quarter of a second. How strong the passphrase must be is the caller's to say; throws `cryptographyFailed`, also
  /// for an empty one.
  package func encryptedPEM(passphrase: [UInt8]) throws(JOSEError) -> String {
    do { return try privateKey.encryptedPEM(passphrase: passphrase) } catch { throw .cryptographyFailed }
  }
}
