// The examples of the RFCs: their tokens are good, their keys come out as they went in.

import JOSE
import JSON
import OpenSSL
import Testing

@Suite struct ExampleTests {
  static let signed: [(key: String, algorithm: String?, token: String)] = [
    (PublishedKeys.rsa, nil, PublishedTokens.rs256), (PublishedKeys.p256, nil, PublishedTokens.es256),
    (PublishedKeys.p521, nil, PublishedTokens.es512), (PublishedKeys.ed25519, nil, PublishedTokens.eddsa),
    (PublishedKeys.cookbookRSA, nil, PublishedTokens.cookbookRS256),
    (PublishedKeys.cookbookRSAPublic, nil, PublishedTokens.cookbookRS256),
    // The cookbook's RSA key says no algorithm and signs by two; here one key is for one.
    (PublishedKeys.cookbookRSA, "PS384", PublishedTokens.cookbookPS384),
    (PublishedKeys.cookbookEC, nil, PublishedTokens.cookbookES512),
    (PublishedKeys.cookbookECPublic, nil, PublishedTokens.cookbookES512),
  ]

  @Test(arguments: signed) func tokensAreGood(key: String, algorithm: String?, token: String) throws {
    let verifier = try TokenVerifier(keys: [PublicJWK(value(key, algorithm))])
    let payload = try UnverifiedToken(compact: Array(token.utf8)).payload
    #expect(try verifier.verify(compact: Array(token.utf8), type: nil).payload == payload)
    var changed = Array(token.utf8)
    let place = try #require(changed.lastIndex(of: UInt8(ascii: "."))) + 5
    changed[place] = changed[place] == 0x41 ? 0x42 : 0x41
    #expect(throws: JOSEError.invalidSignature) { try verifier.verify(compact: changed, type: nil) }
  }

  @Test(arguments: [
    (PublishedKeys.hmac, PublishedTokens.hs256), (PublishedKeys.cookbookMAC, PublishedTokens.cookbookHS256),
  ])
  func macsAreGood(key: String, token: String) throws {
    let verifier = try MACVerifier(keys: [MACKey(parse(key))])
    let payload = try UnverifiedToken(compact: Array(token.utf8)).payload
    #expect(try verifier.verify(compact: Array(token.utf8), type: nil).payload == payload)
    #expect(throws: JOSEError.unsupportedKey) { try PublicJWK(parse(key)) }
  }

  @Test(arguments: [
    (PublishedKeys.rsa, PublishedTokens.rs256), (PublishedKeys.cookbookRSA, PublishedTokens.cookbookRS256),
    (PublishedKeys.ed25519, PublishedTokens.eddsa),
  ])
  func signaturesComeOutTheSame(key: String, token: String) throws {
    let key = try SigningKey(parse(key))
    let end = try #require(token.lastIndex(of: "."))
    let signer = try Signer(key: PrivateKey(pkcs8: key.pkcs8), scheme: key.algorithm.scheme)
    var signature = [UInt8](repeating: 0, count: signer.signatureSize)
    try Array(token[..<end].utf8).withUnsafeBytes { input in
      try signature.withUnsafeMutableBytes { try signer.sign(input, into: $0) }
    }
    #expect(Base64URL.encode(signature) == token[end...].dropFirst())
  }

  @Test(arguments: [
    PublishedKeys.rsa, PublishedKeys.p256, PublishedKeys.p521, PublishedKeys.ed25519, PublishedKeys.cookbookEC,
    PublishedKeys.cookbookRSA,
  ])
  func keysComeOutAsTheyWentIn(key: String) throws {
    let value = try parse(key)
    var writer = JSONWriter()
    try SigningKey(value).writePrivate(into: &writer)
    let written = try JSONValue.parse(writer.bytes)
    for member in value.object ?? [] { #expect(written[member.name] == member.value, "\(member.name)") }
    #expect(written["use"]?.string == "sig")
    var publicWriter = JSONWriter()
    try SigningKey(value).publicJWK.write(into: &publicWriter)
    let names = try JSONValue.parse(publicWriter.bytes).object?.map(\.name) ?? []
    #expect(Set(names).isDisjoint(with: ["d", "p", "q", "dp", "dq", "qi", "k", "priv"]))
  }

  @Test func setsAreRead() throws {
    // RFC 7517 A.1 and A.2: one key for encryption, one for signatures, public and private.
    for text in [PublishedKeys.publicSet, PublishedKeys.privateSet] {
      let set = try JWKSet(parse(text))
      #expect(set.keys.map(\.kid) == ["2011-04-29"])
      #expect(set.keys.map(\.algorithm) == [.rs256])
      #expect(set.skipped == [.wrongKeyUse])
    }
    // A.3: a key for wrapping, and one for MACs which doesn't say by which hash.
    #expect(try JWKSet(parse(PublishedKeys.symmetricSet)).keys.isEmpty)
    for member in try JWKSet.members(of: parse(PublishedKeys.symmetricSet)) {
      #expect(throws: JOSEError.unsupportedKey) { try MACKey(member) }
    }
    #expect(throws: JOSEError.unsupportedKey) { try MACKey(parse(PublishedKeys.cookbookEncryption)) }
    // B: certificates are passed over.
    #expect(try PublicJWK(parse(PublishedKeys.certified)).kid == "1b94c")
  }

  @Test func thumbprints() throws {
    let set = try JWKSet.members(of: parse(PublishedKeys.publicSet))
    // RFC 7638 3.1 prints the RSA key of RFC 7517 A.1.
    #expect(try Thumbprint.of(set[1]) == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs")
    #expect(try PublicJWK(set[1]).thumbprint == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs")
    // What it is for doesn't matter, nor whether it is private.
    #expect(try Thumbprint.of(set[0]) == "cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s")
    // RFC 8037 A.3.
    #expect(try Thumbprint.of(parse(PublishedKeys.ed25519)) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k")
    #expect(try SigningKey(parse(PublishedKeys.ed25519)).kid == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k")
    let mac = try parse(PublishedKeys.cookbookMAC)
    #expect(try Thumbprint.of(mac) == MACKey(mac).thumbprint)
    #expect(throws: JOSEError.invalidKey) { try Thumbprint.of(parse(#"{"k":"AA"}"#)) }
  }

  private func value(_ key: String, _ algorithm: String?) throws -> JSONValue {
    guard let algorithm, case .object(let members) = try parse(key) else { return try parse(key) }
    return .object(members + [JSONMember("alg", .string(algorithm))])
  }
}
