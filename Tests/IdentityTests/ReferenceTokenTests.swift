// Reference tokens: opaque, of one spelling, the same for the same claims, and good wherever a JWT of ours is.

import JOSE
import JSON
import OpenSSL
import Passwords
import Storage
import Testing

@testable import Identity

@Suite struct ReferenceTokenTests {
  private static let login = LoginRequest(username: "ada", password: "correct horse", clientID: "shop")

  private func issuer(_ world: World, _ fake: FakeClock) async throws -> (Issuer, HashingPool) {
    let client = ClientRecord(
      id: "shop", name: "Shop", isPublic: true, isFirstParty: true, grants: ["password", "refresh_token"],
      audiences: [], scopes: [], tokens: ClientTokens(kind: .reference), createdAt: 1)
    try await world.store.addClient(client, context: RequestContext(actor: "operator"))
    let (issuer, pool) = try await world.issuer(try await world.ring(), clock: fake.clock)
    _ = try await world.addUser("ada", "correct horse", pool)
    // As long as the store doesn't keep it.
    try issuer.adopt(Snapshot(policy: issuer.policy, ring: issuer.snapshot.ring, clients: [client]))
    return (issuer, pool)
  }

  @Test func isTakenAsTheJWTItStandsFor() async throws {
    let (world, fake) = (try World(), FakeClock())
    let (issuer, pool) = try await issuer(world, fake)
    let answer = try await issuer.login(Self.login, from: requester)
    let token = answer.accessToken
    #expect(token.hasPrefix("sga_") && !token.contains("."))
    #expect(answer.accessTokenText.count == ReferenceTokenCodec.size(claims: try claims(issuer, token).count))
    #expect(try await issuer.bearer(token).user.username == "ada")
    let access = try await issuer.verified(accessToken: token, audience: "api", now: fake.clock.moment().now)
    #expect(access.clientID == "shop" && access.session == answer.sessionID && access.roles == ["editor"])
    fake.pass(600_000)
    await #expect(throws: Refusal(.invalidToken, cause: "\(JOSEError.expired)")) { try await issuer.bearer(token) }
    pool.stop()
  }

  private func claims(_ issuer: Issuer, _ token: String) throws -> [UInt8] {
    try #require(Array(token.utf8).withUnsafeBytes { issuer.contexts.referenceTokens.parse($0) })
  }

  /// A retry's answer is the same to the byte; with another lifetime it is sealed under another nonce.
  @Test func theSameClaimsGiveTheSameToken() async throws {
    let (world, fake) = (try World(), FakeClock())
    let (issuer, pool) = try await issuer(world, fake)
    let login = try await issuer.login(Self.login, from: requester)
    fake.pass(1000)
    let refresh = RefreshRequest(refreshToken: login.refreshToken)
    let first = try await issuer.refresh(refresh, from: requester)
    fake.pass(1000)
    #expect(try await issuer.refresh(refresh, from: requester).accessToken == first.accessToken)
    var policy = issuer.policy
    policy.accessTTL = 300_000
    try issuer.adopt(
      Snapshot(policy: policy, ring: issuer.snapshot.ring, clients: issuer.snapshot.clients.values.map(\.record)))
    let shorter = try await issuer.refresh(refresh, from: requester)
    let (one, other) = (try decoded(first.accessToken), try decoded(shorter.accessToken))
    #expect(one[2..<14] != other[2..<14])
    let (before, after) = (
      try JSONValue.parse(try claims(issuer, first.accessToken)),
      try JSONValue.parse(try claims(issuer, shorter.accessToken))
    )
    #expect(before["jti"] == after["jti"] && before["exp"] != after["exp"])
    pool.stop()
  }

  private func decoded(_ token: String) throws -> [UInt8] { try Base64URL.decode(String(token.dropFirst(4))) }

  @Test func alteredAnywhereItIsRefused() async throws {
    let (world, fake) = (try World(), FakeClock())
    let (issuer, pool) = try await issuer(world, fake)
    let token = Array(try await issuer.login(Self.login, from: requester).accessToken)
    for index in token.indices {
      var altered = token
      altered[index] = token[index] == "A" ? "B" : "A"
      await #expect(throws: Refusal.self) { try await issuer.bearer(String(altered)) }
    }
    for bad in [token + ["A"], token.dropLast(), token + ["="], Array(token[..<40])] {
      await #expect(throws: Refusal.self) { try await issuer.bearer(String(bad)) }
    }
    pool.stop()
  }

  @Test func anotherServersAreRefused() async throws {
    let (one, other, fake) = (try World(), try World(), FakeClock())
    let (issuer, pool) = try await issuer(one, fake)
    let (stranger, strangersPool) = try await self.issuer(other, fake)
    let token = try await issuer.login(Self.login, from: requester).accessToken
    await #expect(throws: Refusal(.invalidToken, cause: "\(JOSEError.invalidSignature)")) {
      try await stranger.bearer(token)
    }
    pool.stop()
    strangersPool.stop()
  }

  @Test func whatOnlyAJWTHasIsRefused() throws {
    func form(_ tokens: ClientTokens) throws -> TokenForm {
      try TokenForm(tokens, offers: [SignatureAlgorithm.es256], usual: .es256)
    }
    #expect(try form(ClientTokens(kind: .reference)).isReference)
    #expect(throws: TokenFormError.reference("an algorithm to sign by")) {
      try form(ClientTokens(kind: .reference, algorithm: "ES256"))
    }
    let mac = ClientMACKey(kid: "k", algorithm: "HS256")
    #expect(throws: TokenFormError.reference("an algorithm to sign by")) {
      try form(ClientTokens(kind: .reference, algorithm: "HS256", macKey: mac))
    }
  }
}
