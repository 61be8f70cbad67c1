// The denylist in memory: what it answers before it was read, at its bound, after expiry; and who follows it.

import OpenSSL
import Passwords
import Storage
import Synchronization
import Telemetry
import Testing

@testable import Identity

@Suite struct DenylistTests {
  private static func token(_ session: UniqueID?, id: UniqueID? = nil) -> DeniableToken {
    DeniableToken(session: session, generation: 0, id: id ?? UniqueID(random: Random.bytes(16)))
  }

  /// Denies each of these tokens for ten minutes, many at a time, by the stores in turn.
  private static func deny(_ ids: [UniqueID], in stores: [SQLiteStore]) async throws {
    for first in stride(from: 0, to: ids.count, by: 500) {
      try await withThrowingTaskGroup(of: Bool.self) { group in
        for index in first..<min(first + 500, ids.count) {
          let denial = TokenDenial(
            id: ids[index], audience: "api", expiresAt: 1_700_000_600_000, clientID: nil, now: 1_700_000_000_000,
            context: RequestContext(actor: "user"))
          group.addTask { try await stores[index % stores.count].denyToken(denial) }
        }
        for try await isNew in group { #expect(isNew) }
      }
    }
  }

  @Test func anEndedSessionsTokenIsRefusedFromMemory() async throws {
    let users = try await DeniedUsers()
    try await users.denylist.heed()
    let (ended, other) = (try await users.login(), try await users.login())
    #expect(await users.cause(of: ended) == nil)
    try await users.end(ended)
    #expect(users.denylist.verdict(on: Self.token(ended.sessionID)) == .denied)
    #expect(users.denylist.verdict(on: Self.token(other.sessionID)) == .allowed)
    #expect(await users.cause(of: ended) == "denied")
    #expect(await users.cause(of: other) == nil)
    #expect(users.metric(#"signet_denials_total{kind="session"} 1"#) && users.metric("signet_denylist_entries 1"))
    users.pool.stop()
  }

  @Test func aTokenOfAnEarlierGenerationIsRefused() async throws {
    let users = try await DeniedUsers()
    try await users.denylist.heed()
    let before = try await users.login()
    let bearer = try await users.issuer.bearer(before.accessToken)
    let after = try await users.issuer.changePassword(
      "correct horse", to: "battery staple", by: bearer, from: requester)
    #expect(await users.cause(of: before) == "denied")
    #expect(await users.cause(of: after) == nil)
    users.pool.stop()
  }

  /// Until the rows were read the store is asked, so that a restart accepts nothing that was denied before it.
  @Test func beforeItIsReadTheStoreIsAsked() async throws {
    let users = try await DeniedUsers()
    let (ended, other) = (try await users.login(), try await users.login())
    try await users.end(ended)
    let denylist = Denylist(users.world.store, Metrics())
    #expect(denylist.verdict(on: Self.token(ended.sessionID)) == .unknown)
    #expect(try await denylist.isDenied(Self.token(ended.sessionID)))
    #expect(try await denylist.isDenied(Self.token(other.sessionID)) == false)
    #expect(await users.cause(of: ended) == "denied")
    try await denylist.heed()
    #expect(denylist.verdict(on: Self.token(ended.sessionID)) == .denied)
    #expect(denylist.verdict(on: Self.token(other.sessionID)) == .allowed)
    #expect(denylist.latest == 1)
    users.pool.stop()
  }

  @Test func whatDoesNotFitIsAskedOfTheStore() async throws {
    let users = try await DeniedUsers()
    let denylist = Denylist(users.world.store, users.world.metrics, table: DenialTable(largest: 6))
    try await denylist.heed()
    let tokens = (0..<5000).map { _ in Self.token(nil) }
    try await Self.deny(tokens.map(\.id), in: [users.world.store])
    let known = tokens.filter { denylist.verdict(on: $0) == .denied }.count
    #expect(known == 64 * 48)
    #expect(denylist.verdict(on: Self.token(nil)) == .unknown)
    for token in tokens { #expect(try await denylist.isDenied(token)) }
    #expect(try await denylist.isDenied(Self.token(nil)) == false)
    // Once those have expired for which there was no room, memory is enough again.
    denylist.removeExpired(before: users.fake.wall.load(ordering: .relaxed) + 910_000)
    #expect(denylist.verdict(on: Self.token(nil)) == .allowed && denylist.verdict(on: tokens[0]) == .allowed)
    users.pool.stop()
  }

  @Test func expiredRowsLeaveButNotWhileTheClockIsSettling() async throws {
    let users = try await DeniedUsers()
    try await users.denylist.heed()
    for _ in 0..<4 { try await users.end(try await users.login()) }
    var sweep = DenialSweep(users.issuer.authority)
    users.fake.jump(86_400_000)
    #expect(await sweep.step() == 10_000)
    #expect(users.metric("signet_denylist_entries 4"))
    users.fake.pass(Clock.settling)
    #expect(await sweep.step() == 60_000)
    #expect(users.metric("signet_denylist_entries 0"))
    #expect(try await users.world.store.denials(after: 0, limit: 9).map(\.sequence) == [4])
    users.pool.stop()
  }

  /// Started with a clock that is a year ahead: nothing shows that, until it is set back.
  @Test(arguments: [false, true]) func whatEndsByAWrongClockIsRefusedByTheRightOne(_ isAll: Bool) async throws {
    let users = try await DeniedUsers()
    let (ended, revoked) = (try await users.login(), try await users.login())
    users.fake.jump(Self.year)
    let issuer = try Issuer(
      Authority(
        store: users.world.store, hashing: users.pool, clock: users.fake.clock, metrics: Metrics(),
        snapshot: users.issuer.snapshot)
    ) { _ in }
    let denylist = issuer.authority.denylist
    try await denylist.heed()
    var (sweep, sessions) = (DenialSweep(issuer.authority), SessionSweep(issuer.authority))
    #expect(await sessions.step() == 10_000)
    try await issuer.logout(refreshToken: ended.refreshToken, all: isAll, from: requester)
    let client = try #require(issuer.snapshot.clients[ClientRecord.builtIn])
    try await issuer.revoke(revoked.accessToken, by: client, from: requester)
    users.fake.pass(Clock.settling - 1)
    #expect(await sweep.step() == 10_000)
    users.fake.jump(-Self.year)
    for answer in [ended, revoked] {
      await #expect(throws: Refusal(.invalidToken, cause: "denied")) { try await issuer.bearer(answer.accessToken) }
    }
    users.pool.stop()
  }

  /// A token is denied by the place that it names, which may not be its session's any more: the tokens that name that one
  /// are innocent.
  @Test func anOlderTokenIsDeniedByItsOwnPlace() async throws {
    let users = try await DeniedUsers(statusLists: true)
    let first = try await users.login()
    let second = try await users.refresh(first)
    let old = try #require(try await users.place(first))
    try await users.revoke(second)
    let new = try await users.place(first)
    #expect(new != nil && new != old)
    _ = try await users.refresh(second)
    try await users.revoke(first)
    #expect(try await users.world.store.denials(after: 0, limit: 9).map(\.status) == [old, old])
    #expect(try await users.place(first) == new)
    users.pool.stop()
  }

  private static let year: Int64 = 365 * 86_400_000

  /// From anywhere to the latest, across what memory keeps and what it doesn't, from this process and others.
  @Test(arguments: [false, true]) func followersGetEachRowOnceInOrder(_ isLate: Bool) async throws {
    let users = try await DeniedUsers()
    let other = try World.open(users.world.folder, Metrics())
    defer { other.close() }
    let count: Int64 = 3000
    let ids = (1...count).map { UniqueID(high: 0, low: UInt64($0)) }
    let stores = [users.world.store, users.world.store, users.world.store, other]
    if isLate { try await Self.deny(ids, in: stores) }
    let denylist = users.denylist
    let following = Task {
      var sequences: [Int64] = []
      do {
        try await denylist.follow(after: 10, limit: 100) { rows in
          #expect(!rows.isEmpty && rows.count <= 100)
          sequences += rows.map(\.sequence)
          if rows.last?.sequence == count { throw CancellationError() }
        }
      } catch {}
      return sequences
    }
    try await denylist.heed()
    if !isLate { try await Self.deny(ids, in: stores) }
    try await denylist.heed()
    #expect(await following.value == Array(11...count))
    #expect(denylist.latest == count)
    users.pool.stop()
  }

  /// Of however many that come at once, only the end is kept.
  @Test(arguments: [1, 100, 5000]) func newsKeepTheEndOfWhatIsNew(_ step: Int) {
    var news = DenialNews()
    let rows = (1...10_000).map {
      Denial(sequence: Int64($0), subject: .key("a"), audience: nil, deniedAt: 1, expiresAt: 2)
    }
    news.begin(after: 0)
    for first in stride(from: 0, to: rows.count, by: step) {
      // Some are known already.
      news.add(Array(rows[max(0, first - 7)..<first + step]))
      let end = Int64(first + step)
      #expect(news.latest == end)
      #expect(news.rows(after: end, limit: 9) == [])
      let kept = max(0, end - Int64(DenialNews.kept))
      #expect(news.rows(after: kept, limit: .max)?.map(\.sequence) == Array(kept + 1..<end + 1))
      #expect(news.rows(after: end - 2 * Int64(DenialNews.kept) - 1, limit: 1) == nil)
    }
  }

  @Test func aFollowerThatIsCancelledEnds() async throws {
    let users = try await DeniedUsers()
    try await users.denylist.heed()
    let denylist = users.denylist
    let following = Task { await denylist.follow(after: 0) { _ in } }
    following.cancel()
    await following.value
    users.pool.stop()
  }
}
