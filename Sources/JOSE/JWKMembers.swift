// Reads a JWK's members for one purpose. The reader says what the key is wanted for, the key (kty, crv, use, key_ops)
// says whether it is for that; every kind of key, for signatures and for encryption, comes through here.
//
// Certificates in a JWK (x5u, x5c, x5t) are passed over: no key is taken from them and nothing is decided by them.

package import JSON
package import OpenSSL

/// A JWK (RFC 7517) whose common members have been checked.
package struct JWKMembers {
  /// What a key is wanted for.
  package enum Purpose: Sendable { case verify, sign, encrypt, decrypt }

  package let value: JSONValue
  package let kty: String
  package let kid: String?
  /// The `alg` as it stands; which ones are good is for the caller to say.
  package let alg: String?
  /// What `use` and `key_ops` allow.
  let declaredUse: KeyUse

  /// Throws `invalidKey` when a common member is malformed, `wrongKeyUse` when `use` or `key_ops` are not for `purpose`.
  package init(_ value: JSONValue, for purpose: Purpose) throws(JOSEError) {
    try self.init(anyUse: value)
    try declaredUse.check(purpose)
  }

  /// For what no use matters to: a thumbprint, and keys that are told apart afterwards.
  init(anyUse value: JSONValue) throws(JOSEError) {
    guard value.object != nil else { throw .invalidKey }
    self.value = value
    guard let kty = try Self.text(value, "kty") else { throw .invalidKey }
    self.kty = kty
    kid = try Self.text(value, "kid")
    alg = try Self.text(value, "alg")
    declaredUse = try KeyUse(value, kty: kty)
  }

  /// The member as a string, nil when absent; throws `invalidKey` when it is something else.
  package func text(_ name: String) throws(JOSEError) -> String? { try Self.text(value, name) }

  static func text(_ value: JSONValue, _ name: String) throws(JOSEError) -> String? {
    guard let member = value[name] else { return nil }
    guard let string = member.string else { throw .invalidKey }
    return string
  }

  /// The required member's base64url decoded, of exactly `size` bytes if given; throws `invalidKey`.
  package func bytes(_ name: String, size: Int? = nil) throws(JOSEError) -> [UInt8] {
    guard let text = value[name]?.string, let bytes = try? Base64URL.decode(text) else { throw .invalidKey }
    guard bytes.count == size ?? bytes.count else { throw .invalidKey }
    return bytes
  }

  /// The public half of an asymmetric key. Throws `unsupportedKey` for a type or curve that is not ours, `weakKey`,
  /// `unavailableAlgorithm` or `invalidKey`; what is left to check, `publicKey` does.
  /// - Parameter fromHeader: whether a stranger sent it with what is to be verified by it; then `costlyKey` too.
  package func publicParameters(fromHeader: Bool = false) throws(JOSEError) -> PublicParameters {
    let parameters = try readPublic()
    if fromHeader { try parameters.checkCost() }
    try parameters.checkStrength()
    return parameters
  }

  private func readPublic() throws(JOSEError) -> PublicParameters {
    switch kty {
    case "EC":
      guard let curve = EllipticCurve(rawValue: try text("crv") ?? "") else { throw .unsupportedKey }
      // RFC 7518 6.2.1.2: the full size, leading zeros included.
      return .ec(curve, x: try bytes("x", size: curve.size), y: try bytes("y", size: curve.size))
    case "OKP":
      guard let curve = OctetCurve(rawValue: try text("crv") ?? "") else { throw .unsupportedKey }
      return .okp(curve, x: try bytes("x", size: OctetCurve.size))
    case "RSA": return .rsa(n: try bytes("n"), e: try bytes("e"))
    case "AKP":
      // RFC 9964: `alg` is required and is what says the size.
      guard let alg else { throw .invalidKey }
      guard let set = MLDSA(rawValue: alg) else { throw .unsupportedKey }
      guard set.kind.isAvailable else { throw .unavailableAlgorithm }
      return .akp(set, pub: try bytes("pub", size: set.publicSize))
    default: throw .unsupportedKey
    }
  }

  /// The public key, checked by OpenSSL too: a point must be on its curve.
  package func publicKey() throws(JOSEError) -> PublicKey {
    let parameters = try publicParameters()
    do { return try PublicKey(parameters) } catch { throw .invalidKey }
  }

  /// The private key; throws `invalidKey` also when its parts do not fit together.
  package func privateKey() throws(JOSEError) -> PrivateKey {
    let half = try publicParameters()
    let members = try privateParameters(half)
    do { return try PrivateKey(half, members) } catch { throw .invalidKey }
  }

  private func privateParameters(_ half: PublicParameters) throws(JOSEError) -> PrivateParameters {
    switch half {
    case .ec(let curve, _, _): return PrivateParameters([(.d, try bytes("d", size: curve.size))])
    case .okp: return PrivateParameters([(.d, try bytes("d", size: OctetCurve.size))])
    case .akp: return PrivateParameters([(.priv, try bytes("priv", size: MLDSA.seedSize))])
    case .rsa: return try rsaParameters()
    }
  }

  private func rsaParameters() throws(JOSEError) -> PrivateParameters {
    // RFC 7518 6.3.2.7: a key of more than two primes.
    guard value["oth"] == nil else { throw .unsupportedKey }
    // RFC 7518 6.3.2: `d` alone, or all of them.
    let hasPrimes = PrivateParameters.Name.rsa.dropFirst().contains { value[$0.rawValue] != nil }
    var members: [(PrivateParameters.Name, [UInt8])] = []
    for name in hasPrimes ? PrivateParameters.Name.rsa : [.d] {
      let number = try bytes(name.rawValue)
      // RFC 7518 2: a Base64urlUInt has no leading zeros.
      guard let first = number.first, first != 0 else { throw .invalidKey }
      members.append((name, number))
    }
    return PrivateParameters(members)
  }

  /// The bytes of a symmetric key (`kty: oct`, RFC 7518 6.4), for the caller to wipe; throws `unsupportedKey` for other
  /// types. How long it must be depends on what it is for.
  package func symmetricKey() throws(JOSEError) -> [UInt8] {
    guard kty == "oct" else { throw .unsupportedKey }
    return try bytes("k")
  }
}
