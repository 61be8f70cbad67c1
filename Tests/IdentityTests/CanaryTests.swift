// Canary tokens: good for a verifier's rehearsal and for nothing else. And the bounds of what strangers' fetches cost.

import Identity
import JOSE
import JSON
import Passwords
import Storage
import Testing

@Suite struct CanaryTests {
  @Test func aCanaryIsSignedByThePendingKeyAndGoodForNothing() async throws {
    let life = try await KeyLife()
    let keys = try await life.keys()
    let pending = try #require(keys.key("ES256", .pending))
    let now = life.clock.moment().now
    let token = try keys.canary(pending, issuer: "http://127.0.0.1:8080", now: now)
    let verifier = try TokenVerifier(keys: life.ring.published)
    let verified = try verifier.verify(compact: Array(token.utf8), type: "canary+jwt")
    #expect(verified.kid == pending.kid)
    let claims = try verified.claims
    #expect(claims["sub"] == nil && claims["sid"] == nil && claims["iss"]?.string == "http://127.0.0.1:8080")
    #expect(claims["aud"]?.string == "urn:signet:canary")
    #expect(claims["exp"] == .integer(now / 1000 + 60) && claims["iat"] == .integer(now / 1000))
    #expect(throws: JOSEError.typeMismatch) { try verifier.verify(compact: Array(token.utf8), type: "at+jwt") }
    let (issuer, pool) = try await life.world.issuer(life.ring, clock: life.clock)
    defer { pool.stop() }
    await #expect(throws: Refusal(.invalidToken, cause: "\(JOSEError.typeMismatch)")) { try await issuer.bearer(token) }
    #expect(try keys.canary(pending, issuer: "x", now: now) != token)
  }

  @Test func aKeyWhosePrivatePartIsWipedSignsNothing() async throws {
    let life = try await KeyLife()
    try await life.rotate()
    let keys = try await life.keys()
    let retired = try #require(keys.material.keys.first { $0.state == .retired })
    #expect(throws: KeyRingError.self) { try keys.canary(retired, issuer: "x", now: 0) }
  }

  @Test func strangersAreHeldInBounds() {
    let sightings = Sightings()
    #expect(sightings.add("192.0.2.1", prefix: 1, userAgent: "a\u{1b}[31m\n\u{202e}b", at: 7))
    #expect(sightings.take() == [VerifierSighting(address: "192.0.2.1", prefix: 1, userAgent: "a[31mb", at: 7)])
    #expect(sightings.take().isEmpty)
    let long = String(repeating: "é", count: 5000)
    let taken = (0..<100).filter { sightings.add("192.0.2.1", prefix: 1, userAgent: long + "\($0)", at: 0) }
    #expect(taken.count == Sightings.limitPerPrefix)
    let others = (2..<100).filter { sightings.add("192.0.2.\($0)", prefix: UInt64($0), userAgent: nil, at: 0) }
    #expect(taken.count + others.count == Sightings.limit)
    #expect(sightings.take().allSatisfy { $0.userAgent.utf8.count <= VerifierSighting.userAgentLimit })
    #expect(sightings.add("192.0.2.1", prefix: .max, userAgent: nil, at: 0))
  }

  /// A plan for people, by the wall clock.
  @Test func plansFollowThePolicy() async throws {
    let life = try await KeyLife()
    try await life.publish()
    let start = life.clock.moment().now
    #expect(
      try await life.plans() == [
        .active: .rotates(at: start + 30 * KeyLife.day), .pending: .signs(at: start + 30 * KeyLife.day),
      ])
    life.policy.keys.rotateEvery = 0
    #expect(try await life.plans() == [.active: .stays, .pending: .waits])
    let kid = life.kids(.active)[0]
    #expect(
      try await life.world.store.requestRotation(of: kid, now: start + 1, context: RequestContext(actor: "operator")))
    #expect(
      try await life.plans() == [.active: .rotates(at: start + KeyLife.day), .pending: .signs(at: start + KeyLife.day)])
    try await life.rotate()
    try await life.change { try $0.revocation(of: life.kids(.pending)[0], compromised: false, life.act()) }
    let after = try await life.plans()
    #expect(after[.retired] == .goes(at: start + KeyLife.hour) && after[.revoked] == KeyPlan.none)
  }
}
