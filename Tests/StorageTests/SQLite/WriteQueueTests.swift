// The writer: batches, what fails alone and what together, bounds, closing.

import SQLite
import Testing
import Threads

@testable import Storage

@Suite struct WriteQueueTests {
  private func addUser(_ name: String) -> @Sendable (SQLiteStore) async throws -> Void {
    { try await $0.addUser(World.newUser(name), now: World.start, context: World.context) }
  }

  private func fail(_ error: StoreError) -> @Sendable (SQLiteStore) async throws -> Void {
    { try await $0.writer.write { (_) throws(StoreError) in throw error } }
  }

  @Test(arguments: [60_000, 0] as [Int64]) func racersNeverRotateTwice(_ window: Int64) async throws {
    try await BackEnd.all[0].run { world in
      let session = try await world.session()
      var policy = World.policy
      policy.retryWindow = window
      let outcomes = try await withThrowingTaskGroup(of: Outcome.self) { [policy] group in
        for _ in 0..<200 { group.addTask { try await world.rotate(session.id, 0, policy: policy) } }
        return try await group.reduce(into: [Outcome]()) { $0.append($1) }
      }
      #expect(outcomes.filter { $0 == .rotated(to: 1) }.count == 1)
      if window > 0 {
        #expect(outcomes.filter { $0 == .retried(1) }.count == 199)
      } else {
        #expect(outcomes.filter { $0 == .reused(distance: 1, age: 0) }.count == 1)
        #expect(outcomes.filter { $0 == .refused(.revoked) }.count == 198)
      }
      #expect(try await world.found(session.id).generation == 1)
    }
  }

  @Test func refusalsAreAJobsOwn() async throws {
    let place = try SQLitePlace()
    defer { place.remove() }
    let store = try place.openSQLite()
    let gate = await Gate(before: store)
    let first = await gate.queue(1, addUser("ann"))
    let second = await gate.queue(2, addUser("ann"))
    let third = await gate.queue(3, addUser("bob"))
    gate.open()
    #expect(await failure(of: first) == nil)
    #expect(await failure(of: second) == .exists("username"))
    #expect(await failure(of: third) == nil)
    #expect(try await store.users(after: "", limit: 9).map(\.username) == ["ANN", "BOB"])
  }

  @Test func oneJobsFailureIsNotItsNeighbours() async throws {
    let place = try SQLitePlace()
    defer { place.remove() }
    let store = try place.openSQLite()
    let gate = await Gate(before: store)
    let first = await gate.queue(1, addUser("ann"))
    let second = await gate.queue(2, fail(.failed("odd")))
    let third = await gate.queue(3, addUser("bob"))
    gate.open()
    #expect(await failure(of: first) == nil)
    #expect(await failure(of: second) == .failed("odd"))
    #expect(await failure(of: third) == nil)
    #expect(try await store.audit(after: 0, limit: 9).map(\.sequence) == [1, 2])
  }

  @Test func aStoreThatFailsFailsEverybody() async throws {
    let place = try SQLitePlace()
    defer { place.remove() }
    let store = try place.openSQLite()
    let gate = await Gate(before: store)
    var tasks = [await gate.queue(1, addUser("ann"))]
    // That name exists only in the transaction which is undone.
    tasks.append(await gate.queue(2, addUser("ann")))
    tasks.append(await gate.queue(3, fail(.full)))
    tasks.append(await gate.queue(4, addUser("bob")))
    gate.open()
    for task in tasks { #expect(await failure(of: task) == .full) }
    #expect(try await store.users(after: "", limit: 9).isEmpty)
    try await addUser("ann")(store)
  }

  /// A deferred constraint is the one way to make COMMIT itself fail: the transaction then stays open.
  @Test func aCommitThatFailsIsUndone() async throws {
    let place = try SQLitePlace()
    defer { place.remove() }
    let store = try place.openSQLite()
    let orphan: @Sendable (SQLiteStore) async throws -> Void = { store in
      try await store.write { (database) throws(SQLiteError) in
        try database.connection.execute(
          """
          PRAGMA defer_foreign_keys = ON;
          INSERT INTO session (id, user, client, scope, audience, amr, auth_time, created_at, idle_deadline,
            absolute_deadline, rotated_at, rotated_from, claims_version, address)
          VALUES (zeroblob(16), 99, 1, 99, 99, 99, 0, 0, 0, 0, 0, 0, 0, '');
          """)
      }
    }
    let gate = await Gate(before: store)
    let first = await gate.queue(1, addUser("ann"))
    let second = await gate.queue(2, orphan)
    gate.open()
    #expect(await failure(of: first) == nil)
    guard case .failed = await failure(of: second) else {
      Issue.record("the orphan was committed")
      return
    }
    try await addUser("bob")(store)
    #expect(try await store.findSession(UniqueID(high: 0, low: 0)) == nil)
    #expect(try await store.users(after: "", limit: 9).count == 2)
  }

  @Test func textsOfAnUndoneTransactionAreForgotten() async throws {
    let place = try SQLitePlace()
    defer { place.remove() }
    let store = try place.openSQLite()
    let gate = await Gate(before: store)
    let intern: @Sendable (String) -> @Sendable (SQLiteStore) async throws -> Int64 = { text in
      { store in try await store.write { (database) throws(SQLiteError) in try database.intern(text) } }
    }
    let undone = await gate.queue(1, intern("first"))
    let failing = await gate.queue(2, fail(.full))
    gate.open()
    #expect(await failure(of: undone) == .full)
    #expect(await failure(of: failing) == .full)
    let second = try await intern("second")(store)
    let first = try await intern("first")(store)
    #expect(first != second)
    for (key, text) in [(first, "first"), (second, "second")] {
      #expect(try await store.read { (database) throws(SQLiteError) in try database.text(key) } == text)
      #expect(try await store.write { (database) throws(SQLiteError) in try database.text(key) } == text)
    }
  }

  @Test func aFullQueueRefusesAtOnce() async throws {
    let place = try SQLitePlace()
    defer { place.remove() }
    let store = try place.openSQLite { $0.limits.queue = 3 }
    let gate = await Gate(before: store)
    var tasks: [Task<Void, any Error>] = []
    for number in 1...3 { tasks.append(await gate.queue(number, addUser("user-\(number)"))) }
    await #expect(throws: StoreError.overloaded) { try await addUser("user-4")(store) }
    gate.open()
    for task in tasks { #expect(await failure(of: task) == nil) }
    try await addUser("user-4")(store)
  }

  @Test func closingFinishesWhatIsQueued() async throws {
    let place = try SQLitePlace()
    defer { place.remove() }
    let store = try place.openSQLite { $0.limits.deadline = 600_000 }
    let gate = await Gate(before: store)
    var tasks: [Task<Void, any Error>] = []
    for number in 1...10 { tasks.append(await gate.queue(number, addUser("user-\(number)"))) }
    let closing = Thread(name: "closing") { place.close() }
    // The readers are closed after the writer, and don't stand behind the gate.
    while await failure(of: Task { try await store.findUser(loginKey: "") }) != .closed {
      // Not in a row: on a busy machine the reads would keep the closing thread from its lock.
      try await Task.sleep(for: .milliseconds(5))
    }
    gate.open()
    for task in tasks { #expect(await failure(of: task) == nil) }
    closing.join()
    await #expect(throws: StoreError.closed) { try await store.findUser(loginKey: "user-1") }
    #expect(try await place.openSQLite().users(after: "", limit: 20).count == 10)
  }
}
