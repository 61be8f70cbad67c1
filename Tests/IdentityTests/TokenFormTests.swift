// The form of a client's tokens: what a row must say, and how large its tokens can become.

import JOSE
import JSON
import Passwords
import Storage
import Testing

@testable import Identity

@Suite struct TokenFormTests {
  private func form(_ tokens: ClientTokens) throws(TokenFormError) -> TokenForm {
    try TokenForm(tokens, offers: [.es256, .rs256], usual: .es256)
  }

  @Test func aClientThatSaysNothingHasEverybodysForm() throws {
    let form = try form(ClientTokens())
    #expect(form.signature == .key(.es256) && form.claims.isEmpty && form.rolesName == nil && form.limit == nil)
  }

  @Test func aClientChoosesAmongWhatIsOffered() throws {
    #expect(try form(ClientTokens(algorithm: "RS256")).signature == .key(.rs256))
    #expect(throws: TokenFormError.algorithm("ES384", offers: ["ES256", "RS256"])) {
      try form(ClientTokens(algorithm: "ES384"))
    }
    for bad in ["none", "", "es256", "HS1"] {
      #expect(throws: TokenFormError.self) { try form(ClientTokens(algorithm: bad)) }
    }
  }

  @Test func aMACNeedsItsOwnKey() throws {
    let key = ClientMACKey(kid: "k", algorithm: "HS256")
    #expect(try form(ClientTokens(algorithm: "HS256", macKey: key)).signature == .mac(.hs256))
    #expect(try form(ClientTokens(macKey: key)).signature == .key(.es256))
    #expect(throws: TokenFormError.noMACKey(.hs256)) { try form(ClientTokens(algorithm: "HS256")) }
    #expect(throws: TokenFormError.anotherMACKey(.hs512, isFor: "HS256")) {
      try form(ClientTokens(algorithm: "HS512", macKey: key))
    }
  }

  private static let point = (
    // The example of RFC 7517 appendix A.1.
    x: "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", y: "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"
  )

  private func encryptionKey(_ rest: String) throws -> ClientEncryptionKey {
    let text = #"{"kty":"EC","crv":"P-256","x":"\#(Self.point.x)","y":"\#(Self.point.y)"\#(rest)}"#
    return try ClientEncryptionKey(registering: try JSONValue.parse(Array(text.utf8)))
  }

  /// What the key is for is fixed when it is registered, whatever a later version would make of a key that doesn't say.
  @Test func anEncryptionKeyIsKeptWithItsAlgorithm() throws {
    let key = try encryptionKey(#","x5t":"abc","note":"ours","kid":"k-1""#)
    let kept = try JSONValue.parse(Array(try key.text.utf8))
    #expect(kept["alg"] == .string("ECDH-ES") && kept["kid"] == .string("k-1") && kept["use"] == .string("enc"))
    #expect(kept["note"] == nil && kept["x5t"] == nil && kept["x"] == .string(Self.point.x))
    #expect(key.usualContent == "A256GCM")
    let tokens = ClientTokens(encryptionKey: try key.text, contentEncryption: "A128GCM")
    let encryption = try #require(try form(tokens).encryption)
    #expect(encryption.key.algorithm == .ecdhES && encryption.content == .a128GCM)
    let other = try encryptionKey(#","alg":"ECDH-ES+A256KW","key_ops":["deriveKey"]"#)
    #expect(try JSONValue.parse(Array(try other.text.utf8))["alg"] == .string("ECDH-ES+A256KW"))
  }

  @Test func aKeyMayNameItsContentEncryption() throws {
    let key = try encryptionKey(#","enc":"A128CBC-HS256""#)
    #expect(key.usualContent == "A128CBC-HS256")
    #expect(throws: TokenFormError.contentEncryption("A256GCM", fitting: ["A128CBC-HS256"])) {
      try form(ClientTokens(encryptionKey: try key.text, contentEncryption: "A256GCM"))
    }
  }

  @Test(arguments: [
    #","d":"870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE""#, #","k":"AAAA""#, #","use":"sig""#, #","alg":"ES256""#,
    #","alg":"dir""#, #","alg":"RSA-OAEP-256""#, #","kid":"""#, #","kid":"a b""#, #","kid":7"#,
    #","kid":"\#(String(repeating: "k", count: 129))""#, #","enc":"A256KW""#, #","key_ops":["sign"]"#,
  ])
  func otherKeysAreRefused(_ rest: String) {
    #expect(throws: TokenFormError.self) { try encryptionKey(rest) }
  }

  /// A row that something else wrote: no token rather than another.
  @Test(arguments: ["", "{}", #"{"kty":"oct","k":"AAAA","alg":"dir"}"#, "null"])
  func aRowWithoutAGoodKeyGivesNoForm(_ text: String) {
    #expect(throws: TokenFormError.self) {
      try form(ClientTokens(encryptionKey: text, contentEncryption: "A256GCM"))
    }
  }

  private func claims(_ pairs: [(String, String)]) -> [ClientClaim] {
    pairs.map { ClientClaim(name: $0.0, attribute: $0.1) }
  }

  @Test func badMappingsAreRefused() throws {
    let many = (0...16).map { ("c\($0)", "id") }
    #expect(try form(ClientTokens(claims: claims(Array(many.dropLast())))).claims.count == 16)
    #expect(throws: TokenFormError.tooManyClaims) { try form(ClientTokens(claims: claims(many))) }
    #expect(throws: TokenFormError.twice("a")) {
      try form(ClientTokens(claims: claims([("a", "id"), ("a", "email")])))
    }
    #expect(throws: TokenFormError.twice("groups")) {
      try form(ClientTokens(claims: claims([("groups", "roles")]), rolesClaim: "groups"))
    }
    #expect(throws: TokenFormError.attribute("password_hash")) {
      try form(ClientTokens(claims: claims([("a", "password_hash")])))
    }
    for tokens in [ClientTokens(claims: claims([("sub", "email")])), ClientTokens(rolesClaim: "scope")] {
      #expect(throws: TokenFormError.self) { try form(tokens) }
    }
  }

  @Test func aSizeIsLimitedForClaimsAndWhereItIsSaid() throws {
    #expect(try form(ClientTokens(claims: claims([("a", "id")]))).limit == 1500)
    #expect(try form(ClientTokens(rolesClaim: "groups")).limit == 1500)
    #expect(try form(ClientTokens(rolesClaim: "roles")).limit == nil)
    #expect(try form(ClientTokens(sizeLimit: 8192)).limit == 8192)
    for bad in [255, 8193, -1] {
      #expect(throws: TokenFormError.limit(bad)) { try form(ClientTokens(sizeLimit: bad)) }
    }
  }

  /// What is said at the registration is what a token has for the longest names there are.
  @Test func theLargestTokenIsAsLargeAsIsSaid() async throws {
    let (world, fake) = (try World(), FakeClock())
    let tokens = ClientTokens(
      claims: claims([
        ("a", "id"), ("b", "username"), ("c", "email"), ("d", "email_verified"), ("e", "created_at"), ("f", "roles"),
      ]), sizeLimit: 8192)
    let client = ClientRecord(
      id: "shop", name: "Shop", isPublic: true, isFirstParty: true, grants: ["password", "refresh_token"],
      audiences: ["a", "https://api.example.com"], scopes: ["read", "write"], tokens: tokens, createdAt: 1)
    try await world.store.addClient(client, context: RequestContext(actor: "operator"))
    let (issuer, pool) = try await world.issuer(try await world.ring(), clock: fake.clock)
    let name = String(repeating: "n", count: 254)
    let email = String(repeating: "e", count: 64) + "@" + String(repeating: "d", count: 185) + ".com"
    _ = try await world.addUser(name, "correct horse", pool, email: email, roles: "[]")
    let answer = try await issuer.login(
      LoginRequest(
        username: name, password: "correct horse", clientID: "shop", scope: "read write",
        audience: "https://api.example.com"), from: requester)
    let form = try form(tokens)
    let largest = form.largest(for: client, "http://127.0.0.1:8080", "api")
    // `email_verified` is counted as false, which is a byte longer, so three or four characters of base64url at most.
    #expect((0...2).contains(largest - answer.accessTokenText.count))
    func check(_ limit: Int) throws {
      var limited = tokens
      limited.sizeLimit = limit
      try self.form(limited).checkLargest(for: client, issuer: "http://127.0.0.1:8080", audience: "api")
    }
    try check(largest)
    #expect(throws: TokenFormError.tooLarge(largest, limit: largest - 1)) { try check(largest - 1) }
    pool.stop()
  }
}
