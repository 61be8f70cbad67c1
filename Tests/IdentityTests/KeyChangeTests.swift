// What becomes of keys when they are promoted, revoked, withdrawn: states, private parts, MACs.

import Identity
import JOSE
import SQLite
import Storage
import Testing

@Suite struct KeyChangeTests {
  @Test func promotingWipesTheOldKey() async throws {
    let life = try await KeyLife()
    let (active, pending) = (life.kids(.active), life.kids(.pending))
    try await life.rotate()
    #expect(life.kids(.retired) == active && life.kids(.active) == pending && life.kids(.pending).count == 1)
    #expect(life.ring.signing[.es256]?.kid == pending[0])
    // The one that signs stands first in the set.
    #expect(life.ring.published.map(\.kid) == pending + life.kids(.pending) + active)
    let records = try await life.keys().material.keys
    #expect(records.filter { $0.privateKey == nil }.map(\.kid) == active)
  }

  @Test func anActiveKeyIsRevokedAndThePendingOneTakesOver() async throws {
    let life = try await KeyLife()
    let (active, pending) = (life.kids(.active), life.kids(.pending))
    try await life.change { try $0.revocation(of: active[0], compromised: false, life.act(reason: "lost")) }
    #expect(life.kids(.revoked) == active && life.kids(.active) == pending && life.kids(.pending).count == 1)
    #expect(!life.ring.published.map(\.kid).contains(active[0]))
    try await expectError({ if case .revokedAlready = $0 { true } else { false } }) {
      _ = try await life.keys().revocation(of: active[0], compromised: true, life.act())
    }
  }

  @Test func aPendingKeyIsRevokedAndAnotherTakesItsPlace() async throws {
    let life = try await KeyLife()
    let (active, pending) = (life.kids(.active), life.kids(.pending))
    try await life.change { try $0.revocation(of: pending[0], compromised: false, life.act()) }
    #expect(life.kids(.revoked) == pending && life.kids(.active) == active && life.kids(.pending).count == 1)
  }

  @Test func aRetiredKeyIsRevokedAndNothingElseChanges() async throws {
    let life = try await KeyLife()
    try await life.rotate()
    let (retired, active, pending) = (life.kids(.retired), life.kids(.active), life.kids(.pending))
    try await life.change { try $0.revocation(of: retired[0], compromised: false, life.act()) }
    #expect(life.kids(.revoked) == retired && life.kids(.active) == active && life.kids(.pending) == pending)
  }

  /// Whoever took one could take the other.
  @Test(arguments: [KeyState.active, .pending, .retired]) func compromisedKeysGoTogether(_ state: KeyState) async throws
  {
    let life = try await KeyLife(["ES256", "EdDSA"])
    try await life.rotate()
    let all = Set(life.kids(.active) + life.kids(.pending))
    let retired = life.kids(.retired)
    let kid = life.kids(state)[0]
    try await life.change { try $0.revocation(of: kid, compromised: true, life.act()) }
    #expect(Set(life.kids(.revoked)) == all.union(state == .retired ? retired : []))
    #expect(life.kids(.active).count == 1 && life.kids(.pending).count == 1)
    #expect(all.isDisjoint(with: life.kids(.active) + life.kids(.pending)))
    #expect(life.kids(.revoked, .eddsa).isEmpty && life.kids(.active, .eddsa).count == 1)
  }

  @Test func anUnknownKeyIsNotRevoked() async throws {
    let life = try await KeyLife()
    try await expectError({ if case .unknownKey("nobody") = $0 { true } else { false } }) {
      _ = try await life.keys().revocation(of: "nobody", compromised: false, life.act())
    }
  }

  /// Who can write the database alone can't move a key into another state, though each state has a MAC of its own.
  @Test(arguments: [
    "UPDATE signing_key SET state = 'retired' WHERE state = 'revoked'",
    "UPDATE signing_key SET public_mac = (SELECT public_mac FROM signing_key WHERE state = 'active') WHERE state = 'retired'",
    "UPDATE signing_key SET algorithm = 'RS256' WHERE state = 'retired'",
  ])
  func statesAreSealed(_ statement: String) async throws {
    let life = try await KeyLife()
    try await life.rotate()
    try await life.change { try $0.revocation(of: life.kids(.pending)[0], compromised: false, life.act()) }
    try Connection(path: life.world.folder + "/signet.db", access: .readWrite).execute(statement)
    await #expect(throws: KeyRingError.self) { try await life.read() }
  }

  @Test func anAlgorithmTakenOffTheListRetires() async throws {
    let life = try await KeyLife(["ES256", "EdDSA"])
    let (active, pending) = (life.kids(.active, .eddsa), life.kids(.pending, .eddsa))
    life.policy.algorithms = ["ES256"]
    try await life.read()
    #expect(life.kids(.retired, .eddsa) == active)
    #expect(!life.ring.entries.contains { $0.jwk.kid == pending[0] })
    #expect(life.ring.published.map(\.kid).contains(active[0]) && life.ring.signing[.eddsa] == nil)
    // Back on the list, it gets fresh keys.
    life.policy.algorithms = ["ES256", "EdDSA"]
    try await life.read()
    #expect(life.kids(.active, .eddsa).count == 1 && life.kids(.active, .eddsa) != active)
  }

  @Test func anAlgorithmThatAnotherServerOffersStays() async throws {
    let life = try await KeyLife(["ES256", "EdDSA"])
    let kids = life.kids(.active, .eddsa)
    let now = life.clock.moment().now
    func other(seen: Int64) -> NodeRecord {
      NodeRecord(
        id: UniqueID(high: 2, low: 2), seenAt: seen, issuer: "x", able: ["ES256"], offered: ["EdDSA"], keys: "")
    }
    life.policy.algorithms = ["ES256"]
    try await life.world.store.beat(other(seen: now), alone: false)
    try await life.read()
    #expect(life.kids(.active, .eddsa) == kids)
    life.time.pass(NodeRecord.patience)
    life.time.jump(KeyLife.hour)
    try await life.read()
    #expect(life.kids(.active, .eddsa) == kids, "the clock may be wrong about who lives")
    life.time.pass(Clock.settling)
    try await life.read()
    #expect(life.kids(.retired, .eddsa) == kids)
  }

  @Test func theLongestTokenIsNotedBeforeItIsSigned() async throws {
    let life = try await KeyLife()
    func lifetimes() -> [Int64] { life.ring.entries.filter { $0.state == .active }.map(\.tokenLifetime) }
    #expect(lifetimes() == [600_000])
    try await life.world.store.addClient(
      ClientRecord(
        id: "slow", name: "Slow", isPublic: true, isFirstParty: true, grants: ["password"], audiences: [], scopes: [],
        accessTTL: 7_200_000, createdAt: 1), context: RequestContext(actor: "operator"))
    try await life.read()
    #expect(lifetimes() == [7_200_000])
    try await life.rotate()
    #expect(life.ring.entries.first { $0.state == .retired }?.tokenLifetime == 7_200_000)
  }

  private func expectError(
    _ isExpected: (KeyRingError) -> Bool, _ body: () async throws -> Void
  ) async throws {
    do {
      try await body()
      Issue.record("no error")
    } catch let error as KeyRingError { #expect(isExpected(error), "\(error)") }
  }
}
