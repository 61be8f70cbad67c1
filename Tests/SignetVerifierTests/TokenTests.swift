// What is checked of a token, each cause by a token that is wrong in that alone, and what a good one says.

import JOSE
import JSON
import SignetVerifier
import Testing

@Suite struct TokenTests {
  private let one: SigningKey, two: SigningKey
  private let issuer: FakeIssuer

  init() throws {
    one = try TestKeys.one.get()
    two = try TestKeys.two.get()
    issuer = FakeIssuer(one)
  }

  private func error(
    _ token: String, _ change: (inout VerifierOptions) -> Void = { _ in }
  ) async throws -> VerificationError? {
    let verifier = try issuer.verifier(change)
    do throws(VerificationError) {
      _ = try await verifier.verify(token)
      return nil
    } catch {
      return error
    }
  }

  /// 1,700,000,000 is now, and 30 seconds the leeway.
  static let claims: [([String: String?], VerificationError?)] = [
    ([:], nil), (["aud": #"["x","api"]"#], nil), (["exp": "1699999971"], nil), (["iat": "1700000030"], nil),
    (["nbf": "1700000030"], nil), (["iat": "1699999999.5"], nil), (["sid": "\"s\""], nil),
    (["exp": "1699999970"], .expired), (["nbf": "1700000031"], .notYetValid), (["iat": "1700000031"], .issuedInFuture),
    (["iss": "\"https://login.example.com/\""], .wrongIssuer), (["iss": "\"HTTPS://login.example.com\""], .wrongIssuer),
    (["aud": "\"API\""], .wrongAudience), (["aud": "[]"], .wrongAudience),
    (["aud": #"["api",1]"#], .invalidClaim("aud")),
    (["iss": nil], .missingClaim("iss")), (["sub": nil], .missingClaim("sub")), (["aud": nil], .missingClaim("aud")),
    (["exp": nil], .missingClaim("exp")), (["iat": nil], .missingClaim("iat")), (["jti": nil], .missingClaim("jti")),
    (["client_id": nil], .missingClaim("client_id")),
    (["sub": "1"], .invalidClaim("sub")), (["exp": "\"1800000000\""], .invalidClaim("exp")),
    (["exp": "1e300"], .invalidClaim("exp")),
    (["exp": "253402300800"], .invalidClaim("exp")), (["iat": "-1"], .invalidClaim("iat")),
    (["nbf": "\"1\""], .invalidClaim("nbf")), (["auth_time": "1e30"], .invalidClaim("auth_time")),
    (["sid": "1"], .invalidClaim("sid")), (["scope": #"["a"]"#], .invalidClaim("scope")),
    (["roles": "\"a\""], .invalidClaim("roles")),
    (["roles": #"["a",null]"#], .invalidClaim("roles")), (["amr": "{}"], .invalidClaim("amr")),
    (["client_id": "null"], .invalidClaim("client_id")),
  ]

  @Test(arguments: claims) func check(changes: [String: String?], error: VerificationError?) async throws {
    #expect(try await self.error(try issuer.token(one, changes)) == error)
  }

  @Test func headersAndSignatures() async throws {
    let token = try issuer.token(one), parts = token.split(separator: ".").map(String.init)
    func with(_ header: String) -> String {
      "\(Base64URL.encode(Array(header.utf8))).\(parts[1]).\(parts[2])"
    }
    let kid = #""typ":"at+jwt","kid":"\#(one.kid)""#
    let cases: [(String, VerificationError?)] = [
      (token, nil), (try issuer.token(one, type: "application/AT+JWT"), nil),
      (try issuer.token(one, type: "JWT"), .wrongType), (try issuer.token(one, type: "canary+jwt"), .wrongType),
      (try issuer.token(two), .unknownKey),
      ("\(parts[0]).\(parts[1]).\(try issuer.token(two).split(separator: ".")[2])", .wrongSignature),
      ("\(parts[0]).\(parts[1]).", .wrongSignature), ("\(token)A", .wrongSignature),
      (with(#"{"alg":"none",\#(kid)}"#), .wrongAlgorithm), (with(#"{"alg":"HS256",\#(kid)}"#), .wrongAlgorithm),
      (with("{\(kid)}"), .wrongAlgorithm), (with(#"{"alg":"ES256","typ":"at+jwt","kid":"é"}"#), .unknownKey),
      (with(#"{"alg":"ES256","crit":["b64"],"b64":false,\#(kid)}"#), .refusedHeader),
      (with(#"{"alg":"ES256","jku":"https://evil.example",\#(kid)}"#), .refusedHeader),
      (with(#"{"alg":"ES256","alg":"ES256",\#(kid)}"#), .malformed), (with("[]"), .malformed),
      ("", .malformed), ("..", .malformed), ("a.b", .malformed), ("\(token).", .malformed),
      ("\(token)=", .wrongSignature),
      ("a.b.c.d.e", .encrypted), (" \(token)", .malformed), (String(repeating: "a", count: 16_385), .tooLarge),
    ]
    for (token, expected) in cases {
      let found = try await error(token)
      #expect(found == expected, "\(token)")
    }
  }

  @Test func leewayAndSizeAreTheServices() async throws {
    let late = try issuer.token(one, ["exp": "1699999800"])
    #expect(try await error(late) == .expired)
    #expect(try await error(late) { $0.leeway = .seconds(300) } == nil)
    #expect(try await error(try issuer.token(one, ["exp": "1700000000"])) { $0.leeway = .zero } == .expired)
    let long = try issuer.token(one, ["note": "\"\(String(repeating: "a", count: 30_000))\""])
    #expect(try await error(long) == .tooLarge)
    #expect(try await error(long) { $0.largestToken = 1 << 20 } == nil)
    // One with an unknown key too: then the keys are asked for.
    let unknown = try issuer.token(two, ["note": "\"\(String(repeating: "a", count: 30_000))\""])
    let verifier = try issuer.verifier { $0.largestToken = 1 << 20 }
    try await verifier.prepare()
    let before = issuer.fetches
    await #expect(throws: VerificationError.unknownKey) { try await verifier.verify(unknown) }
    #expect(issuer.fetches == before + 1)
  }

  @Test func aGoodTokenSaysWhatItSays() async throws {
    let token = try await issuer.verifier().verify(
      try issuer.token(
        one,
        [
          "aud": #"["api","https://login.example.com"]"#, "scope": "\"read  write\"", "roles": #"["editor","é"]"#,
          "sid": "\"s1\"", "auth_time": "1699990000", "amr": #"["pwd","otp"]"#,
          "tenant": #"{"id":7,"on":true,"x":null}"#,
        ]))
    #expect(token.issuer == FakeIssuer.name)
    #expect(token.subject == "ada")
    #expect(token.audiences == ["api", FakeIssuer.name])
    #expect(token.clientID == "signet")
    #expect(token.sessionID == "s1")
    #expect(token.scopes == ["read", "write"])
    #expect(token.roles == ["editor", "é"])
    #expect(token.issuedAt == 1_700_000_000)
    #expect(token.expiresAt == 1_700_086_400)
    #expect(token.authTime == 1_699_990_000)
    #expect(token.amr == ["pwd", "otp"])
    #expect(token.jwtID == "t1")
    #expect(token.keyID == one.kid)
    #expect(token["tenant"]?["id"]?.integer == 7)
    #expect(token["tenant"]?["on"]?.bool == true)
    #expect(token["tenant"]?["x"] == .null)
    #expect(token["tenant"]?["y"] == nil)
    #expect(token["other"] == nil)
    #expect(token["exp"]?.number == 1_700_086_400)
    #expect("\(token)" == "AccessToken(t1)")
    #expect(String(reflecting: token) == "AccessToken(t1)")
    #expect(token.payload.starts(with: "{".utf8))
  }

  @Test func whatIsAbsentIsEmpty() async throws {
    let token = try await issuer.verifier().verify(try issuer.token(one))
    #expect(token.sessionID == nil)
    #expect(token.authTime == nil)
    #expect(token.scopes.isEmpty && token.roles.isEmpty && token.amr.isEmpty)
  }

  @Test func scopesAndRolesAreRequired() async throws {
    let text = try issuer.token(one, ["scope": "\"a\"", "groups": #"["b","\u00e9"]"#])
    let token = try await issuer.verifier { $0.rolesClaim = "groups" }.verify(text)
    try token.require(scope: "a")
    try token.require(role: "b")
    #expect(throws: VerificationError.missingScope("b")) { try token.require(scope: "b") }
    #expect(throws: VerificationError.missingRole("a")) { try token.require(role: "a") }
    // The same to a reader, but other bytes.
    #expect(!token.has(role: "e\u{301}"))
    #expect(token.has(role: "\u{e9}"))
    #expect(try await issuer.verifier().verify(text).roles.isEmpty)
  }

  @Test func theFieldIsRead() async throws {
    let verifier = try issuer.verifier(), token = try issuer.token(one)
    for field in ["Bearer \(token)", "bearer \(token)", "BEARER   \(token)"] {
      #expect(try await verifier.verify(authorization: field).subject == "ada")
    }
    for field in [nil, "", "Bearer", "Bearer ", token, "Basic \(token)", "Bearer\t\(token)", " Bearer \(token)"] {
      await #expect(throws: VerificationError.missingToken) { try await verifier.verify(authorization: field) }
    }
    await #expect(throws: VerificationError.malformed) { try await verifier.verify(authorization: "Bearer x y") }
  }

  @Test func keysByValueAreNeverFetched() async throws {
    var options = VerifierOptions()
    options.time = issuer.time
    let verifier = try SignetVerifier(
      issuer: FakeIssuer.name, audience: "api", keys: .document(FakeIssuer.document([one, two])), options: options)
    try await verifier.prepare()
    for key in [one, two] { _ = try await verifier.verify(try issuer.token(key)) }
    await #expect(throws: VerificationError.unknownKey) {
      try await verifier.verify(try issuer.token(.generate(.es256)))
    }
  }

  @Test(arguments: KeyManagementAlgorithm.allCases) func encryptedTokensAreOpened(
    _ algorithm: KeyManagementAlgorithm
  ) async throws {
    let key = try DecryptionKey.generate(algorithm), other = try DecryptionKey.generate(algorithm)
    let plain = try issuer.token(one)
    func sealed(_ text: String, contentType: String? = "JWT") throws -> String {
      let encrypter = try TokenEncrypter(
        key: key.encryptionKey, content: key.encryptionKey.contents[0], contentType: contentType, type: nil)
      var output: [UInt8] = []
      try text.utf8.withContiguousStorageIfAvailable {
        try encrypter.encrypt(UnsafeRawBufferPointer($0), into: &output)
      }
      return String(decoding: output, as: UTF8.self)
    }
    func keys(_ keys: DecryptionKey...) throws -> [UInt8] {
      let texts = try keys.map { key in
        var writer = JSONWriter()
        try key.writePrivate(into: &writer)
        return String(decoding: writer.bytes, as: UTF8.self)
      }
      return Array(texts.count == 1 ? texts[0].utf8 : "{\"keys\":[\(texts.joined(separator: ","))]}".utf8)
    }
    let own = try keys(key), both = try keys(other, key), theirs = try keys(other)
    #expect(try await error(try sealed(plain)) == .encrypted)
    for set in [own, both] { #expect(try await error(try sealed(plain)) { $0.decryptionKeys = set } == nil) }
    #expect(try await error(try sealed(plain)) { $0.decryptionKeys = theirs } == .undecryptable)
    #expect(try await error(plain) { $0.decryptionKeys = own } == .notEncrypted)
    let change: (inout VerifierOptions) -> Void = {
      $0.decryptionKeys = own
      $0.acceptsUnencrypted = true
    }
    #expect(try await error(plain, change) == nil)
    // What is inside is checked like any other token.
    #expect(try await error(try sealed(issuer.token(one, ["aud": "\"x\""])), change) == .wrongAudience)
    #expect(try await error(try sealed(issuer.token(two)), change) == .unknownKey)
    #expect(try await error(try sealed(sealed(plain)), change) == .encrypted)
    #expect(try await error(try sealed(plain, contentType: nil), change) == .malformed)
    #expect(try await error(try sealed(plain).dropLast(2) + "AA", change) == .undecryptable)
    #expect(try await error(String(repeating: "a", count: 26_000), change) == .tooLarge)
  }

  @Test(arguments: SignatureAlgorithm.available) func everyAlgorithm(_ algorithm: SignatureAlgorithm) async throws {
    let key = try SigningKey.generate(algorithm)
    issuer.publish(one, key)
    #expect(try await issuer.verifier().verify(try issuer.token(key)).keyID == key.kid)
  }
}
