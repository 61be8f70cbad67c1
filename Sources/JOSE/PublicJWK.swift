// A public key as a JWK (RFC 7517): what other services get to see, and what verifies tokens.
//
// A type of its own, with nothing private in it, so that no slip can publish a private key.

package import JSON
package import OpenSSL

/// A public signature key, for exactly one algorithm.
package struct PublicJWK: Sendable, CustomStringConvertible, CustomReflectable {
  /// The name by which a token's header asks for this key: the RFC 7638 thumbprint unless a foreign JWK says otherwise.
  package let kid: String
  package let algorithm: SignatureAlgorithm
  package let key: PublicKey
  let parameters: PublicParameters

  package var description: String { "PublicJWK(\(algorithm.rawValue))" }
  package var customMirror: Mirror { Mirror(self, children: []) }

  /// Throws `unsupportedKey` when the key is not for that algorithm, `weakKey`. The kid is the thumbprint unless given.
  package init(key: PublicKey, algorithm: SignatureAlgorithm, kid: String? = nil) throws(JOSEError) {
    let parameters: PublicParameters
    do { parameters = try key.parameters() } catch { throw .invalidKey }
    try parameters.checkStrength()
    guard algorithm.accepts(key.kind) else { throw .unsupportedKey }
    self.init(key, parameters, algorithm, kid)
  }

  /// Reads a PEM `PUBLIC KEY` (or PKCS#1's `RSA PUBLIC KEY`). PEM names no algorithm: nil takes the kind's own, RS256
  /// for RSA. Throws `unsupportedKey` when the key is not for the algorithm, `weakKey`, `invalidKey`.
  package init(pem: String, algorithm: SignatureAlgorithm? = nil, kid: String? = nil) throws(JOSEError) {
    if let algorithm, !algorithm.isAvailable { throw .unavailableAlgorithm }
    let key: PublicKey
    do { key = try PublicKey(pem: pem) } catch { throw .invalidKey }
    guard let algorithm = algorithm ?? SignatureAlgorithm(default: key.kind) else { throw .unsupportedKey }
    try self.init(key: key, algorithm: algorithm, kid: kid)
  }

  init(_ key: PublicKey, _ parameters: PublicParameters, _ algorithm: SignatureAlgorithm, _ kid: String?) {
    self.key = key
    self.parameters = parameters
    self.algorithm = algorithm
    self.kid = kid ?? parameters.thumbprint
  }

  /// The RFC 7638 thumbprint.
  package var thumbprint: String { parameters.thumbprint }

  /// Writes the JWK as an object.
  package func write(into writer: inout JSONWriter) {
    writer.beginObject()
    writeMembers(into: &writer)
    writer.endObject()
  }

  /// Writes the public members, to which a private JWK adds its own.
  func writeMembers(into writer: inout JSONWriter) {
    parameters.writeMembers(into: &writer)
    writer.member("kid", kid)
    // An AKP key has it among the required members.
    if case .akp = parameters {} else { writer.member("alg", algorithm.rawValue) }
    writer.member("use", "sig")
  }

  /// The key as a PEM `PUBLIC KEY`, with its final newline.
  package var pem: String {
    get throws(JOSEError) {
      do { return try key.pem() } catch { throw .cryptographyFailed }
    }
  }
}
