// The one check of access tokens: what it takes, and what it refuses however often it was asked before.

import JOSE
import JSON
import OpenSSL
import Passwords
import Storage
import Testing

@testable import Identity

@Suite struct VerifiedTests {
  private static let login = LoginRequest(username: "ada", password: "correct horse")

  private func verify(
    _ issuer: Issuer, _ token: String, _ audience: String? = nil
  ) async -> Result<VerifiedAccess, Refusal> {
    do { return .success(try await issuer.verify(bearer: token, audience: audience)) } catch { return .failure(error) }
  }

  private func cause(_ result: Result<VerifiedAccess, Refusal>) -> String? {
    guard case .failure(let refusal) = result else { return nil }
    return [.invalidToken, .unverifiableToken].contains(refusal.code) ? refusal.cause : "\(refusal)"
  }

  @Test func whatATokenSays() async throws {
    let (world, fake) = (try World(), FakeClock())
    let (issuer, pool) = try await world.issuer(try await world.ring(), clock: fake.clock)
    let user = try await world.addUser("ada", "correct horse", pool)
    let answer = try await issuer.login(Self.login, from: requester)
    // The second time from memory.
    for _ in 0..<2 {
      let access = try await verify(issuer, answer.accessToken).get()
      #expect(access.subject == user.description && access.clientID == "signet")
      #expect(access.session == answer.sessionID && access.deniable.generation == 0)
      #expect(access.audiences == ["api", "http://127.0.0.1:8080"] && access.scope.isEmpty)
      #expect(access.roles == ["editor"] && access.confirmation == nil)
      #expect(access.expiresAt == 1_700_000_600)
      #expect(access.claims == (try UnverifiedToken(compact: answer.accessTokenText)).payload)
    }
    pool.stop()
  }

  @Test func anotherAudienceAndTheEndAreSeenFromMemoryToo() async throws {
    let (world, fake) = (try World(), FakeClock())
    let (issuer, pool) = try await world.issuer(try await world.ring(), clock: fake.clock)
    _ = try await world.addUser("ada", "correct horse", pool)
    let token = try await issuer.login(Self.login, from: requester).accessToken
    for _ in 0..<2 {
      #expect(cause(await verify(issuer, token, "other")) == "\(JOSEError.audienceMismatch)")
      #expect(cause(await verify(issuer, token, "ap")) == "\(JOSEError.audienceMismatch)")
      #expect(cause(await verify(issuer, token, "http://127.0.0.1:8080")) == nil)
    }
    fake.pass(599_999)
    #expect(cause(await verify(issuer, token)) == nil)
    fake.pass(1)
    #expect(cause(await verify(issuer, token)) == "\(JOSEError.expired)")
    pool.stop()
  }

  @Test func aRevokedKeysTokensAreForgotten() async throws {
    let (world, fake) = (try World(), FakeClock())
    let ring = try await world.ring()
    let (issuer, pool) = try await world.issuer(ring, clock: fake.clock)
    _ = try await world.addUser("ada", "correct horse", pool)
    let token = try await issuer.login(Self.login, from: requester).accessToken
    #expect(cause(await verify(issuer, token)) == nil)
    let other = try World()
    try issuer.adopt(Snapshot(policy: issuer.policy, ring: try await other.ring(), clients: []))
    #expect(cause(await verify(issuer, token)) == "\(JOSEError.unknownKey)")
    pool.stop()
  }

  /// Signed by our key, each with one thing wrong.
  @Test func claimsThatAreNotAnAccessTokens() async throws {
    let (world, fake) = (try World(), FakeClock())
    let ring = try await world.ring()
    let (issuer, pool) = try await world.issuer(ring, clock: fake.clock)
    let key = try #require(ring.signing[.es256])
    let good: [(String, JSONValue)] = [
      ("iss", .string("http://127.0.0.1:8080")), ("sub", .string("s")), ("aud", .string("api")),
      ("exp", .integer(1_700_000_100)), ("iat", .integer(1_700_000_000)),
      ("jti", .string("AAAAAAAAAAAAAAAAAAAAAA")), ("client_id", .string("signet")),
    ]
    func token(_ changes: [String: JSONValue?], type: String = "at+jwt") throws -> String {
      var members = good.map { JSONMember($0.0, $0.1) }
      for (name, value) in changes {
        members.removeAll { $0.name == name }
        if let value { members.append(JSONMember(name, value)) }
      }
      var json = JSONWriter()
      JSONValue.object(members).write(into: &json)
      var token: [UInt8] = []
      try TokenSigner(key: key, type: type).sign(payload: json.bytes, into: &token)
      return String(decoding: token, as: UTF8.self)
    }
    #expect(cause(await verify(issuer, try token([:]))) == nil)
    #expect(cause(await verify(issuer, try token([:], type: "JWT"))) == "\(JOSEError.typeMismatch)")
    #expect(cause(await verify(issuer, try token([:], type: "token-introspection+jwt"))) == "\(JOSEError.typeMismatch)")
    for name in ["iss", "sub", "aud", "exp", "jti", "client_id"] {
      let cause = cause(await verify(issuer, try token([name: nil])))
      #expect(cause == "\(JOSEError.missingClaim)", "without \(name)")
    }
    let wrong: [(String, JSONValue)] = [
      ("iss", .string("http://127.0.0.1:8081")), ("sub", .integer(1)), ("aud", .array([.integer(1)])),
      ("exp", .string("1700000100")), ("exp", .integer(1_700_000_000)), ("iat", .integer(1_700_000_100)),
      ("jti", .string("AAAA")), ("jti", .string("not base64url!")), ("sid", .string("x")), ("scope", .integer(1)),
      ("roles", .array([.integer(1)])), ("active", .bool(false)), ("token_type", .string("DPoP")),
      ("cnf", .string("x")), ("cnf", .object([JSONMember("kid", .string("x"))])),
      ("cnf", .object([JSONMember("jkt", .string("AAAA"))])), ("cnf", .object([])),
    ]
    for (name, value) in wrong {
      #expect(cause(await verify(issuer, try token([name: value]))) != nil, "\(name) \(value)")
    }
    // Bound to a key: good, but not as a bearer's.
    let bound = try token([
      "cnf": .object([JSONMember("jkt", .string(String(repeating: "A", count: 43)))])
    ])
    #expect(cause(await verify(issuer, bound)) == "bound_token_as_bearer")
    let access = try await issuer.verified(accessToken: bound, audience: "api", now: 1_700_000_000_000)
    #expect(access.confirmation == .jkt([UInt8](repeating: 0, count: 32)) && access.session == nil)
    pool.stop()
  }

  @Test func whatIsNoTokenOfOurs() async throws {
    let (world, fake) = (try World(), FakeClock())
    let (issuer, pool) = try await world.issuer(try await world.ring(), clock: fake.clock)
    _ = try await world.addUser("ada", "correct horse", pool)
    let answer = try await issuer.login(Self.login, from: requester)
    let long = String(repeating: "A", count: 20_000)
    for bad in ["", ".", "..", "a.b.c", "sga_", "sga_" + long, long, answer.refreshToken, answer.accessToken + "A"] {
      for _ in 0..<2 { #expect(cause(await verify(issuer, bad)) != nil, "\(bad.prefix(40))") }
    }
    pool.stop()
  }

  /// The memory is of a fixed size, and what fell out of it is checked anew.
  @Test func moreTokensThanPlaces() throws {
    let tokens = VerifiedTokens()
    let claims =
      #"{"iss":"i","sub":"s","aud":"api","exp":1,"iat":0,"jti":"AAAAAAAAAAAAAAAAAAAAAA","client_id":"c"}"#
    let text = Array(claims.utf8)
    let access = try VerifiedAccess(text, try Claims.parse(text)) { _ in nil }
    func key(_ number: Int) -> VerifiedTokens.Key {
      Array("token \(number)".utf8).withUnsafeBytes { VerifiedTokens.Key(of: $0) }
    }
    #expect(tokens.find(key(0)) == nil)
    for number in 0..<2 * VerifiedTokens.places {
      tokens.remember(access, key(number))
      #expect(tokens.find(key(number)) === access)
    }
    let kept = (0..<2 * VerifiedTokens.places).count { tokens.find(key($0)) != nil }
    #expect(kept > VerifiedTokens.places / 2 && kept <= VerifiedTokens.places)
  }
}
