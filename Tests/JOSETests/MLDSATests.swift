// ML-DSA, which needs OpenSSL 3.5 at run time; where there is none, that is said clearly.

import JOSE
import JSON
import OpenSSL
import Testing

@Suite struct MLDSATests {
  static let isAvailable = SignatureAlgorithm.mlDSA44.isAvailable
  static let examples: [(String, String)] = [
    (PublishedMLDSA.key44, PublishedMLDSA.token44), (PublishedMLDSA.key65, PublishedMLDSA.token65),
    (PublishedMLDSA.key87, PublishedMLDSA.token87),
  ]

  @Test(.enabled(if: isAvailable, "OpenSSL before 3.5 has no ML-DSA"), arguments: examples)
  func publishedExamples(key: String, token: String) throws {
    let value = try parse(key)
    let kid = try #require(value["kid"]?.string)
    #expect(try Thumbprint.of(value) == kid)
    let verified = try TokenVerifier(keys: [PublicJWK(value)]).verify(compact: Array(token.utf8), type: nil)
    #expect(text(verified.payload) == "It\u{2019}s a dangerous business, Frodo, going out your door.")
    var changed = Array(token.utf8)
    changed[changed.count - 100] ^= 1
    #expect(throws: JOSEError.self) { try TokenVerifier(keys: [PublicJWK(value)]).verify(compact: changed, type: nil) }
    // The public key is the seed's, the seed comes out again, and what it signs is good.
    let signing = try SigningKey(value)
    var writer = JSONWriter()
    try signing.writePrivate(into: &writer)
    let written = try JSONValue.parse(writer.bytes)
    for name in ["kty", "alg", "kid", "pub", "priv"] { #expect(written[name] == value[name], "\(name)") }
    var output: [UInt8] = []
    try TokenSigner(key: signing, type: nil).sign(payload: verified.payload, into: &output)
    #expect(try TokenVerifier(keys: [signing.publicJWK]).verify(compact: output, type: nil).kid == kid)
  }

  @Test(.enabled(if: isAvailable, "OpenSSL before 3.5 has no ML-DSA"))
  func seedsSurvivePKCS8() throws {
    let key = try SigningKey.generate(.mlDSA65)
    let copy = try SigningKey(pkcs8: key.pkcs8, algorithm: .mlDSA65)
    var (first, second) = (JSONWriter(), JSONWriter())
    try key.writePrivate(into: &first)
    try copy.writePrivate(into: &second)
    #expect(first.bytes == second.bytes)
  }

  @Test(.enabled(if: isAvailable, "OpenSSL before 3.5 has no ML-DSA"))
  func halvesMustFit() throws {
    for (name, value, error) in [
      ("priv", Base64URL.encode([UInt8](repeating: 1, count: 32)), JOSEError.invalidKey), ("priv", "AAAA", .invalidKey),
      ("pub", "AAAA", .invalidKey), ("alg", "ML-DSA-65", .invalidKey), ("alg", "ML-DSA-1", .unsupportedKey),
    ] {
      let members = try parse(PublishedMLDSA.key44).object?.map { member in
        member.name == name ? JSONMember(name, .string(value)) : member
      }
      #expect(throws: error, "\(name)") { try SigningKey(.object(try #require(members))) }
    }
  }

  @Test(.enabled(if: !isAvailable, "OpenSSL has ML-DSA")) func absenceIsSaid() throws {
    #expect(SignatureAlgorithm.available.count == SignatureAlgorithm.allCases.count - 3)
    #expect(throws: JOSEError.unavailableAlgorithm) { try SigningKey.generate(.mlDSA44) }
    #expect(throws: JOSEError.unavailableAlgorithm) { try PublicJWK(parse(PublishedMLDSA.key44)) }
    #expect(throws: JOSEError.unavailableAlgorithm) { try SigningKey(parse(PublishedMLDSA.key87)) }
    #expect(throws: JOSEError.unavailableAlgorithm) { try SigningKey(pkcs8: [], algorithm: .mlDSA65) }
    let set = try JWKSet(parse(#"{"keys":[\#(PublishedMLDSA.key44),\#(PublishedKeys.p256)]}"#))
    #expect(set.keys.map(\.algorithm) == [.es256])
    #expect(set.skipped == [.unavailableAlgorithm])
  }
}
