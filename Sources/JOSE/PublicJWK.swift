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
    self.kid = kid ?? Self.thumbprint(parameters)
  }

  /// The RFC 7638 thumbprint: SHA-256 over the required members in the order of their names, in base64url.
  package var thumbprint: String { Self.thumbprint(parameters) }

  private static func thumbprint(_ parameters: PublicParameters) -> String {
    var writer = JSONWriter()
    writer.beginObject()
    switch parameters {
    case .p256(let x, let y):
      writer.member("crv", "P-256")
      writer.member("kty", "EC")
      writer.member("x", Base64URL.encode(x))
      writer.member("y", Base64URL.encode(y))
    case .rsa(let n, let e):
      writer.member("e", Base64URL.encode(e))
      writer.member("kty", "RSA")
      writer.member("n", Base64URL.encode(n))
    case .ed25519(let x):
      writer.member("crv", "Ed25519")
      writer.member("kty", "OKP")
      writer.member("x", Base64URL.encode(x))
    }
    writer.endObject()
    return Base64URL.encode(Digest.sha256(writer.bytes))
  }

  /// Writes the JWK as an object.
  package func write(into writer: inout JSONWriter) {
    writer.beginObject()
    switch parameters {
    case .p256(let x, let y):
      writer.member("kty", "EC")
      writer.member("crv", "P-256")
      writer.member("x", Base64URL.encode(x))
      writer.member("y", Base64URL.encode(y))
    case .rsa(let n, let e):
      writer.member("kty", "RSA")
      writer.member("n", Base64URL.encode(n))
      writer.member("e", Base64URL.encode(e))
    case .ed25519(let x):
      writer.member("kty", "OKP")
      writer.member("crv", "Ed25519")
      writer.member("x", Base64URL.encode(x))
    }
    writer.member("kid", kid)
    writer.member("alg", algorithm.rawValue)
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
