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
  package var thumbprint: String { Base64URL.encode(thumbprintBytes) }

  /// The thumbprint as bytes, 32 of them.
  package var thumbprintBytes: [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    writeMembers(into: &writer)
    writer.endObject()
    return Digest.sha256(writer.bytes)
  }
}

/// Thumbprints of JWKs whatever they are for (RFC 7638).
package enum Thumbprint {
  /// The thumbprint of any key of ours, public, private or symmetric; that of a symmetric key is for eyes which may see
  /// the key, when it can be guessed (RFC 7638 7). Throws as `JWKMembers` does.
  package static func of(_ value: JSONValue) throws(JOSEError) -> String {
    let members = try JWKMembers(anyUse: value)
    guard members.kty == "oct" else {
      let parameters = try members.publicParameters()
      do { return try PublicKey(parameters).parameters().thumbprint } catch { throw .invalidKey }
    }
    var key = try members.symmetricKey()
    defer { wipe(&key) }
    return key.withUnsafeBytes { of(symmetric: $0) }
  }

  static func of(symmetric key: UnsafeRawBufferPointer) -> String {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("k", Base64URL.encode(key))
    writer.member("kty", "oct")
    writer.endObject()
    defer { wipe(&writer.bytes) }
    return Base64URL.encode(Digest.sha256(writer.bytes))
  }
}
