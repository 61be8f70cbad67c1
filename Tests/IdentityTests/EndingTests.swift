// Logging out everywhere by a refresh token: which tokens may, and that every other ends its own session alone.

import OpenSSL
import Passwords
import Storage
import Testing

@testable import Identity

@Suite struct EndingTests {
  private let world: World
  private let ring: KeyRing
  private let issuer: Issuer
  private let pool: HashingPool
  private let user: UniqueID

  init() async throws {
    world = try World()
    for (id, isPublic) in [("shop", false), ("app", true)] {
      let client = ClientRecord(
        id: id, name: id, isPublic: isPublic, isFirstParty: true, grants: ["refresh_token"], audiences: [], scopes: [],
        createdAt: 1)
      try await world.store.addClient(client, context: RequestContext(actor: "operator"))
    }
    ring = try await world.ring()
    (issuer, pool) = try await world.issuer(ring, clock: FakeClock().clock)
    user = try await world.addUser("ada", "correct horse", pool)
  }

  /// A session, as it stands in the store.
  private func session(of client: String = "app", confirmation: [UInt8]? = nil) async throws -> SessionRecord {
    let now: Int64 = 1_700_000_000_000
    let hash = try #require(await world.store.findUser(id: user)?.passwordHash)
    let session = NewSession(
      id: UniqueID(random: Random.bytes(16)), userID: user, clientID: client, scope: "", audience: "api", amr: "pwd",
      now: now, idleDeadline: now + 60_000, absoluteDeadline: now + 60_000, addressPrefix: 7,
      confirmation: confirmation, device: nil, address: "192.0.2.1", userAgent: nil)
    let context = RequestContext(actor: "user")
    return try #require(await world.store.login(session, passwordHash: hash, maxPerUser: 99, context: context)).session
  }

  private func isLive(_ session: SessionRecord) async throws -> Bool {
    try await world.store.findSession(session.id)?.session.revokedAt == nil
  }

  /// Which of the two end when the first one's token logs out everywhere: none, its own, or all.
  private func ended(
    _ session: SessionRecord, by token: String? = nil, _ proven: Proven = Proven()
  ) async throws -> String {
    let other = try await self.session()
    try await issuer.logout(
      refreshToken: token ?? issuer.refreshToken(of: session), all: true, proven: proven, from: requester)
    switch (try await isLive(session), try await isLive(other)) {
    case (true, true): return "none"
    case (false, true): return "its own"
    case (false, false): return "all"
    case (true, false): return "the other"
    }
  }

  @Test func anUnboundTokenOfAPublicClient() async throws {
    #expect(try await ended(await session()) == "all")
    // A proof that nobody asked for changes nothing.
    var proven = Proven()
    proven.key = Random.bytes(32)
    #expect(try await ended(await session(), proven) == "all")
    pool.stop()
  }

  @Test func aBoundTokenNeedsItsProof() async throws {
    let thumbprint = Random.bytes(32)
    let (byKey, byCertificate) = (Confirmation.jkt(thumbprint).stored, Confirmation.x5t(thumbprint).stored)
    var (key, otherKey, certificate) = (Proven(), Proven(), Proven())
    (key.key, otherKey.key, certificate.certificate) = (thumbprint, Random.bytes(32), thumbprint)
    for wrong in [Proven(), otherKey, certificate] {
      #expect(try await ended(await session(confirmation: byKey), wrong) == "its own")
    }
    for wrong in [Proven(), otherKey, key] {
      #expect(try await ended(await session(confirmation: byCertificate), wrong) == "its own")
    }
    #expect(try await ended(await session(confirmation: byKey), key) == "all")
    #expect(try await ended(await session(confirmation: byCertificate), certificate) == "all")
    pool.stop()
  }

  /// It doesn't authenticate here; at `/oauth2/revoke` it does, for one session.
  @Test func aConfidentialClientsToken() async throws {
    #expect(try await ended(await session(of: "shop")) == "its own")
    pool.stop()
  }

  @Test func aTokenFromBeforeARestore() async throws {
    let session = try await session()
    let old = RefreshToken(epoch: ring.epoch - 1, session: session.id, generation: 0)
    #expect(try await ended(session, by: try RefreshTokenCodec(ring).write(old)) == "its own")
    pool.stop()
  }

  @Test func aTokenOfAnEndedSession() async throws {
    let session = try await session()
    try await issuer.logout(refreshToken: issuer.refreshToken(of: session), all: false, from: requester)
    #expect(try await ended(session) == "its own")
    pool.stop()
  }

  @Test func garbage() async throws {
    let session = try await session(), other = try await self.session()
    for bad in ["", "sgr_", "sgr_x", String(issuer.refreshToken(of: session).dropLast())] {
      await #expect(throws: Refusal.self) { try await issuer.logout(refreshToken: bad, all: true, from: requester) }
    }
    #expect(try await isLive(session))
    #expect(try await isLive(other))
    pool.stop()
  }
}
