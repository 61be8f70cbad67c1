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

  /// Throws `unsupportedKey` when the key is not for that algorithm. The kid is the thumbprint unless given.
  package init(key: PublicKey, algorithm: SignatureAlgorithm, kid: String? = nil) throws(JOSEError) {
    do {
      self.init(key, try key.parameters(), algorithm, kid)
    } catch { throw .invalidKey }
    guard algorithm.accepts(key.kind) else { throw .unsupportedKey }
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
    parameters.writeMembers(into: &writer)
    writer.member("kid", kid)
    // An AKP key has it among the required members.
    if case .akp = parameters {} else { writer.member("alg", algorithm.rawValue) }
    writer.member("use", "sig")
    writer.endObject()
  }

  /// The key as a PEM `PUBLIC KEY`, with its final newline.
  package var pem: String {
    get throws(JOSEError) {
      do { return try key.pem() } catch { throw .cryptographyFailed }
    }
  }
}
