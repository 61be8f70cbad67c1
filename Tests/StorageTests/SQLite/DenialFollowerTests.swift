// Who follows the denylist is told of what is durable, before whoever waits for it goes on, in order and each once.

import SQLite
import Testing
import Threads

@testable import Storage

@Suite struct DenialFollowerTests {
  private final class Told: Sendable {
    private let rows = Monitor<[Denial]>([])
    private let most = Monitor(0)

    func add(_ new: [Denial]) {
      rows.withLock { $0 += new }
      most.withLock { $0 = max($0, new.count) }
    }

    var sequences: [Int64] { rows.withLock { $0.map(\.sequence) } }
    /// The most rows that were told at a time.
    var largest: Int { most.withLock { $0 } }
  }

  private func end(_ session: UniqueID) -> @Sendable (SQLiteStore) async throws -> Bool {
    {
      try await $0.endSession(
        session, of: nil, reason: .logout, event: .logout, now: World.start + 1, context: World.context)
    }
  }

  private func withSessions(
    _ count: Int, _ body: (SQLitePlace, SQLiteStore, World, [UniqueID]) async throws -> Void
  ) async throws {
    let place = try SQLitePlace()
    defer { place.remove() }
    let store = try place.openSQLite()
    let world = World(store: store, place: place)
    try await world.addSigningKey()
    let user = try await world.addUser()
    var sessions: [UniqueID] = []
    for _ in 0..<count { sessions.append(try await world.session(of: user).id) }
    try await body(place, store, world, sessions)
  }

  @Test func toldBeforeTheAnswer() async throws {
    try await withSessions(3) { _, store, world, sessions in
      try await world.end(sessions[0])
      let told = Told()
      try await store.followDenials(after: 0) { told.add($0) }
      // What was there before too.
      #expect(told.sequences == [1])
      try await world.end(sessions[1])
      #expect(told.sequences == [1, 2])
      #expect(try await world.rotate(sessions[2], 0) == .rotated(to: 1))
      #expect(told.sequences == [1, 2])
    }
  }

  /// A batch that failed is tried job by job; of what was undone nobody hears.
  @Test func undoneRowsAreNotTold() async throws {
    try await withSessions(4) { _, store, world, sessions in
      let told = Told()
      try await store.followDenials(after: 0) { told.add($0) }
      for error in [StoreError.failed("odd"), .full] {
        let gate = await Gate(before: store)
        let first = await gate.queue(1, end(sessions[error == .full ? 2 : 0]))
        let failing = await gate.queue(2) { try await $0.writer.write { (_) throws(StoreError) in throw error } }
        let last = await gate.queue(3, end(sessions[error == .full ? 3 : 1]))
        gate.open()
        #expect(await failure(of: failing) == error)
        #expect(await failure(of: first) == (error == .full ? .full : nil))
        #expect(await failure(of: last) == (error == .full ? .full : nil))
        #expect(told.sequences == [1, 2])
      }
      #expect(try await world.denied() == sessions.prefix(2).map { .session($0, validFrom: nil) })
    }
  }

  /// So many rows in one job, as when a client's sessions end.
  private func deny(_ count: Int, in store: SQLiteStore) async throws(StoreError) {
    try await store.write { (database) throws(SQLiteError) in
      try database.statement(
        """
        WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < ?)
        INSERT INTO denied (kind, id, denied_at, expires_at) SELECT 2, randomblob(16), 1, 2 FROM number
        """
      ).run(.integer(Int64(count)))
      database.mayHaveDenials()
    }
  }

  /// However many: memory holds a page of them, and the answer leaves after the last.
  @Test func manyAreToldInPages() async throws {
    try await withSessions(1) { _, store, world, sessions in
      let told = Told()
      try await store.followDenials(after: 0) { told.add($0) }
      for count in [100_000, DenialFollower.page, 2 * DenialFollower.page - 1] {
        let before = told.sequences.count
        try await deny(count, in: store)
        #expect(told.sequences.count == before + count)
      }
      try await world.end(sessions[0])
      #expect(told.sequences == Array(1...Int64(told.sequences.count)))
      #expect(told.largest == DenialFollower.page)
    }
  }

  /// What can't be read back though it is durable is told later; whoever waits isn't told that it is in force.
  @Test func whatCannotBeReadBackIsToldLater() async throws {
    try await withSessions(0) { place, store, _, _ in
      let other = try place.openSQLite()
      let (told, isBroken) = (Told(), Monitor(true))
      @Sendable func rename(_ name: String, _ next: String) async throws {
        try await other.write { (database) throws(SQLiteError) in
          try database.connection.execute("ALTER TABLE \(name) RENAME TO \(next)")
        }
      }
      let breaking = Monitor(false)
      try await store.followDenials(after: 0) { rows in
        told.add(rows)
        guard isBroken.withLock({ $0 }) else { return }
        Task {
          try await rename("denied", "hidden")
          breaking.withLock { $0 = true }
          breaking.broadcast()
        }
        _ = breaking.wait { $0 ? true : nil }
      }
      let count = 2 * DenialFollower.page + 5
      await #expect(throws: StoreError.self) { try await deny(count, in: store) }
      #expect(told.sequences == Array(1...Int64(DenialFollower.page)))
      isBroken.withLock { $0 = false }
      try await rename("hidden", "denied")
      try await store.announceDenials()
      #expect(told.sequences == Array(1...Int64(count)))
    }
  }

  @Test func othersRowsComeInOrder() async throws {
    try await withSessions(6) { place, store, world, sessions in
      let told = Told()
      try await store.followDenials(after: 0) { told.add($0) }
      let other = World(store: try place.openSQLite(), place: place)
      try await other.end(sessions[0])
      #expect(told.sequences.isEmpty)
      // One of its own brings those that it follows.
      try await world.end(sessions[1])
      #expect(told.sequences == [1, 2])
      try await other.end(sessions[2])
      try await other.end(sessions[3])
      try await store.announceDenials()
      try await store.announceDenials()
      #expect(told.sequences == [1, 2, 3, 4])
      try await other.end(sessions[4])
      try await world.end(sessions[5])
      #expect(told.sequences == Array(1...6))
    }
  }
}
