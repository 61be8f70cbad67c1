// A JWK that came from elsewhere: each member is checked before OpenSSL sees it, and private members are passed over.

package import JSON
import OpenSSL

extension PublicJWK {
  /// Reads a JWK for signatures, public or private, keeping its public part. Throws `unsupportedKey` for a type, curve
  /// or algorithm that is not ours, `wrongKeyUse` for an encryption key, `weakKey`, or `invalidKey`.
  package init(_ value: JSONValue) throws(JOSEError) {
    guard value.object != nil else { throw .invalidKey }
    try Self.checkUse(value)
    let parameters = try Self.parameters(value)
    let key: PublicKey
    do { key = try PublicKey(parameters) } catch { throw .invalidKey }
    self.init(key, parameters, try Self.algorithm(value, key.kind), try value.optionalString("kid"))
  }

  /// RFC 7517 4.2, 4.3: `use` must be "sig", `key_ops` about signatures, where present.
  private static func checkUse(_ value: JSONValue) throws(JOSEError) {
    if let use = try value.optionalString("use"), use != "sig" { throw .wrongKeyUse }
    guard let member = value["key_ops"] else { return }
    guard let operations = member.array else { throw .invalidKey }
    var names: Set<String> = []
    for operation in operations {
      guard let name = operation.string, names.insert(name).inserted else { throw .invalidKey }
    }
    guard names.contains("verify") || names.contains("sign") else { throw .wrongKeyUse }
  }

  private static func algorithm(_ value: JSONValue, _ kind: KeyKind) throws(JOSEError) -> SignatureAlgorithm {
    guard let name = try value.optionalString("alg") else {
      guard let algorithm = SignatureAlgorithm(default: kind) else { throw .unsupportedKey }
      return algorithm
    }
    guard let algorithm = SignatureAlgorithm(rawValue: name), algorithm.accepts(kind) else { throw .unsupportedKey }
    return algorithm
  }

  private static func parameters(_ value: JSONValue) throws(JOSEError) -> PublicParameters {
    switch try value.optionalString("kty") {
    case "EC":
      guard try value.optionalString("crv") == "P-256" else { throw .unsupportedKey }
      // RFC 7518 6.2.1.2: the full size, leading zeros included.
      return .p256(x: try value.bytes("x", size: 32), y: try value.bytes("y", size: 32))
    case "OKP":
      guard try value.optionalString("crv") == "Ed25519" else { throw .unsupportedKey }
      return .ed25519(x: try value.bytes("x", size: 32))
    case "RSA":
      let modulus = try value.bytes("n")
      let exponent = try value.bytes("e")
      try RSAStrength.check(modulus: modulus, exponent: exponent)
      return .rsa(n: modulus, e: exponent)
    case nil: throw .invalidKey
    default: throw .unsupportedKey
    }
  }
}

extension JSONValue {
  /// The member as a string, nil when absent; throws `invalidKey` when it is something else.
  fileprivate func optionalString(_ name: String) throws(JOSEError) -> String? {
    guard let member = self[name] else { return nil }
    guard let string = member.string else { throw .invalidKey }
    return string
  }

  /// The required member's base64url decoded, of exactly `size` bytes if given.
  fileprivate func bytes(_ name: String, size: Int? = nil) throws(JOSEError) -> [UInt8] {
    guard let text = self[name]?.string, let bytes = try? Base64URL.decode(text) else { throw .invalidKey }
    guard bytes.count == size ?? bytes.count else { throw .invalidKey }
    return bytes
  }
}
