// Private JWKs: the two halves of a key must belong together, in each of their members.

import JOSE
import JSON
import OpenSSL
import Testing

@Suite struct PrivateKeyTests {
  @Test(arguments: SignatureAlgorithm.available) func writtenAndReadAgain(algorithm: SignatureAlgorithm) throws {
    let key = try SigningKey.generate(algorithm)
    var writer = JSONWriter()
    try key.writePrivate(into: &writer)
    let copy = try SigningKey(JSONValue.parse(writer.bytes))
    #expect(copy.kid == key.kid)
    #expect(copy.algorithm == algorithm)
    #expect(try copy.pkcs8 == key.pkcs8)
  }

  static let other = "870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE"
  static let changes: [(key: String, member: String, value: String?, error: JOSEError)] = [
    (PublishedKeys.p256, "d", other, .invalidKey), (PublishedKeys.p256, "d", nil, .invalidKey),
    (PublishedKeys.p256, "d", "AA", .invalidKey),
    (PublishedKeys.p256, "d", String(repeating: "A", count: 43), .invalidKey),
    (PublishedKeys.p256, "key_ops", "sign", .invalidKey), (PublishedKeys.p256, "use", "enc", .wrongKeyUse),
    (PublishedKeys.p256, "alg", "ES384", .unsupportedKey), (PublishedKeys.p256, "alg", "HS256", .unsupportedKey),
    (PublishedKeys.p521, "d", other, .invalidKey), (PublishedKeys.ed25519, "d", other, .invalidKey),
    (PublishedKeys.ed25519, "x", other, .invalidKey), (PublishedKeys.ed25519, "d", nil, .invalidKey),
    (PublishedKeys.rsa, "d", nil, .invalidKey), (PublishedKeys.rsa, "d", other, .invalidKey),
    (PublishedKeys.rsa, "p", nil, .invalidKey), (PublishedKeys.rsa, "qi", nil, .invalidKey),
    (PublishedKeys.rsa, "p", other, .invalidKey), (PublishedKeys.rsa, "q", other, .invalidKey),
    (PublishedKeys.rsa, "dp", other, .invalidKey), (PublishedKeys.rsa, "dq", other, .invalidKey),
    (PublishedKeys.rsa, "qi", other, .invalidKey), (PublishedKeys.rsa, "qi", "", .invalidKey),
    (PublishedKeys.rsa, "oth", "", .unsupportedKey), (PublishedKeys.rsa, "n", "AQAB", .weakKey),
    (PublishedKeys.hmac, "x", nil, .unsupportedKey),
  ]

  @Test(arguments: changes)
  func refused(key: String, member: String, value: String?, error: JOSEError) throws {
    #expect(throws: error) { try SigningKey(try changed(key, member, value.map { .string($0) })) }
  }

  @Test func leadingZerosAreRefused() throws {
    let value = try parse(PublishedKeys.rsa)
    for name in ["d", "p", "q", "dp", "dq", "qi"] {
      let number = try Base64URL.decode(try #require(value[name]?.string))
      let longer = JSONValue.string(Base64URL.encode([0] + number))
      #expect(throws: JOSEError.invalidKey, "\(name)") { try SigningKey(changed(PublishedKeys.rsa, name, longer)) }
    }
  }

  @Test(arguments: [PublishedKeys.rsa, PublishedKeys.cookbookRSA])
  func primesFollowFromTheExponent(key: String) throws {
    let names = ["p", "q", "dp", "dq", "qi"]
    let members = try parse(key).object?.filter { !names.contains($0.name) }
    var writer = JSONWriter()
    try SigningKey(.object(try #require(members))).writePrivate(into: &writer)
    let (found, value) = (try JSONValue.parse(writer.bytes), try parse(key))
    // Which of the two comes first is open.
    #expect(Set(["p", "q"].compactMap { found[$0]?.string }) == Set(["p", "q"].compactMap { value[$0]?.string }))
    #expect(Set(["dp", "dq"].compactMap { found[$0]?.string }) == Set(["dp", "dq"].compactMap { value[$0]?.string }))
    #expect(found["qi"] == value["qi"] || found["p"] != value["p"])
    for (member, wrong) in [("d", "AQ"), ("d", "Aw"), ("d", Self.other)] {
      let rest = try #require(members).filter { $0.name != member } + [JSONMember(member, .string(wrong))]
      #expect(throws: JOSEError.invalidKey) { try SigningKey(.object(rest)) }
    }
  }

  @Test func operationsDecide() throws {
    for (operations, error) in [
      (["sign"], nil), (["sign", "verify"], nil), (["sign", "other"], nil), (["verify"], JOSEError.wrongKeyUse),
      ([], .wrongKeyUse), (["sign", "decrypt"], .wrongKeyUse), (["sign", "sign"], .invalidKey),
    ] {
      let value = try changed(PublishedKeys.p256, "key_ops", .array(operations.map { .string($0) }))
      if let error {
        #expect(throws: error, "\(operations)") { try SigningKey(value) }
      } else {
        #expect(try SigningKey(value).algorithm == .es256)
      }
    }
  }

  private func changed(_ key: String, _ name: String, _ value: JSONValue?) throws -> JSONValue {
    let others = try #require(parse(key).object).filter { $0.name != name }
    return .object(others + (value.map { [JSONMember(name, $0)] } ?? []))
  }
}
