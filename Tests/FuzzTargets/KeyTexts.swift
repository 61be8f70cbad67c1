// JWKs: whatever is taken can be written and read again as the same key, says nothing private by accident, and signs what
// its public half finds good.

#if DEBUG || FUZZING
import JOSE
import JSON

extension FuzzTarget {
  /// A JWK, or a set of them.
  static let jwk = FuzzTarget(name: "jwk", longest: 4096) { bytes in
    guard let value = try? JSONValue.parse(bytes, depth: 8) else { return }
    for member in value["keys"]?.array?.prefix(4) ?? [value] {
      let found = try checkPublic(member)
      try checkPrivate(member, found)
      try checkMAC(member, found)
      let set = try JWKSet(.object([JSONMember("keys", .array([member]))]))
      try check(set.keys.map(\.kid) == (found.map { [$0.kid] } ?? []), "in a set it is another key")
      try check(set.keys.count + set.skipped.count == 1, "a key was lost")
    }
    // A set is taken or refused as one, and its good keys are all there.
    if let set = try? JWKSet(value) {
      let good = try JWKSet.members(of: value).compactMap { try? PublicJWK($0).kid }
      try check(set.keys.map(\.kid) == good, "the set has others: \(set.keys.map(\.kid))")
    }
  }

  private static func checkPublic(_ value: JSONValue) throws -> PublicJWK? {
    guard let key = try? PublicJWK(value) else { return nil }
    try check(try Thumbprint.of(value) == key.thumbprint, "two thumbprints")
    var writer = JSONWriter()
    key.write(into: &writer)
    let written = try JSONValue.parse(writer.bytes)
    for name in ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"] {
      try check(written[name] == nil, "\(name) was written")
    }
    let again = try PublicJWK(written)
    try check(
      again.kid.utf8.elementsEqual(key.kid.utf8) && again.thumbprint == key.thumbprint, "written as another key")
    try check(again.algorithm == key.algorithm, "written for another algorithm")
    try check(try PublicJWK(pem: key.pem, algorithm: key.algorithm).thumbprint == key.thumbprint, "another key in PEM")
    return key
  }

  private static func checkPrivate(_ value: JSONValue, _ found: PublicJWK?) throws {
    guard let key = try? SigningKey(value) else { return }
    guard let found else { throw Broken("private but not public") }
    try check(key.publicJWK.thumbprint == found.thumbprint && key.algorithm == found.algorithm, "two public halves")
    var token: [UInt8] = []
    try TokenSigner(key: key, type: nil).sign(payload: [], into: &token)
    _ = try TokenVerifier(keys: [found]).verify(compact: token, type: nil)
    var writer = JSONWriter()
    try key.writePrivate(into: &writer)
    let again = try SigningKey(JSONValue.parse(writer.bytes))
    try check(try again.pkcs8 == key.pkcs8, "written as another key")
  }

  private static func checkMAC(_ value: JSONValue, _ found: PublicJWK?) throws {
    guard let key = try? MACKey(value) else { return }
    try check(found == nil, "a secret and a public key at once")
    var writer = JSONWriter()
    key.writeSecret(into: &writer)
    let again = try MACKey(JSONValue.parse(writer.bytes))
    try check(again.thumbprint == key.thumbprint && again.algorithm == key.algorithm, "written as another key")
    try check(try Thumbprint.of(value) == key.thumbprint, "two thumbprints")
    guard key.signs, key.verifies else { return }
    var token: [UInt8] = []
    try TokenSigner(mac: key, type: nil).sign(payload: [], into: &token)
    _ = try MACVerifier(keys: [again]).verify(compact: token, type: nil)
  }
}
#endif
