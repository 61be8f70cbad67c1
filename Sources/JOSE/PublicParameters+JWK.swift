// Writes a public key's members, for a whole JWK, for its thumbprint and for the ephemeral key of a JWE.

package import JSON
package import OpenSSL

extension PublicParameters {
  /// Writes the members that a public key must have, in the order of their names: what RFC 7638 3.2 hashes.
  package func writeMembers(into writer: inout JSONWriter) {
    switch self {
    case .ec(let curve, let x, let y):
      writer.member("crv", curve.rawValue)
      writer.member("kty", "EC")
      writer.member("x", Base64URL.encode(x))
      writer.member("y", Base64URL.encode(y))
    case .rsa(let n, let e):
      writer.member("e", Base64URL.encode(e))
      writer.member("kty", "RSA")
      writer.member("n", Base64URL.encode(n))
    case .okp(let curve, let x):
      writer.member("crv", curve.rawValue)
      writer.member("kty", "OKP")
      writer.member("x", Base64URL.encode(x))
    case .akp(let set, let pub):
      // RFC 9964 asks for `alg` too, since it says how to read the key.
      writer.member("alg", set.rawValue)
      writer.member("kty", "AKP")
      writer.member("pub", Base64URL.encode(pub))
    }
  }

  /// The thumbprint (RFC 7638, RFC 8037 2, RFC 9964): SHA-256 over the required members, in base64url.
  package var thumbprint: String {
    var writer = JSONWriter()
    writer.beginObject()
    writeMembers(into: &writer)
    writer.endObject()
    return Base64URL.encode(Digest.sha256(writer.bytes))
  }
}
