// The audit trail: complete, in order, and chained so that an altered row is seen.

import OpenSSL
import Storage
import Testing

extension StoreConformance {
  /// The sequence of the first record that isn't what was written; nil when all are.
  private func firstBroken(_ records: [AuditRecord]) -> Int64? {
    var previous = [UInt8](repeating: 0, count: 32)
    for (index, record) in records.enumerated() {
      guard record.sequence == Int64(index + 1), record.previous == previous,
        record.digest == Digest.sha256(record.chained)
      else { return record.sequence }
      previous = record.digest
    }
    return nil
  }

  private func fill(_ world: World) async throws {
    let session = try await world.session()
    for generation in 0..<4 { _ = try await world.rotate(session.id, UInt32(generation)) }
    for prefix in Int64(2)..<5 { _ = try await world.rotate(session.id, 3, from: prefix) }
    _ = try await world.rotate(session.id, 0)
    try await world.store.setUser(session.userID, disabled: true, now: World.start, context: World.context)
    try await world.store.deleteUser(session.userID, now: World.start, context: RequestContext(actor: "operator"))
  }

  @Test(arguments: BackEnd.all) func recordsAreChained(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      try await fill(world)
      let records = try await world.store.audit(after: 0, limit: 100)
      let words = ["user_added", "login", "retried_elsewhere"]
      #expect(records.map(\.event) == words + ["reuse", "user_disabled", "user_deleted"])
      #expect(firstBroken(records) == nil)
      let first = try #require(records.first)
      #expect(first.actor == "user" && first.address == "192.0.2.1" && first.requestID == "request-1")
      #expect(first.at == World.start && first.sessionID == nil && first.userID != nil)
      #expect(records.last?.actor == "operator" && records.last?.address == nil)
    }
  }

  @Test(arguments: BackEnd.all) func recordsArePaged(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      try await fill(world)
      #expect(try await world.store.audit(after: 0, limit: 3).map(\.sequence) == [1, 2, 3])
      #expect(try await world.store.audit(after: 3, limit: 3).map(\.sequence) == [4, 5, 6])
      #expect(try await world.store.audit(after: 8, limit: 3).isEmpty)
    }
  }

  @Test(arguments: BackEnd.all) func twoProcessesWriteOneChain(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      let second = try world.place.open()
      await withTaskGroup(of: Void.self) { group in
        for number in 0..<40 {
          group.addTask {
            try? await (number % 2 == 0 ? world.store : second).addUser(
              World.newUser("user-\(number)"), now: World.start, context: World.context)
          }
        }
      }
      let records = try await world.store.audit(after: 0, limit: 100)
      #expect(records.count == 40 && firstBroken(records) == nil)
    }
  }

  @Test(
    arguments: BackEnd.all,
    [
      "at = at + 1", "event = 'logout'", "cause = ''", "actor = 'operator'", "\"user\" = NULL", "client = 'x'",
      "address = NULL", "request = 'request-2'", "detail = '{}'", "previous = digest",
    ])
  func alterationsAreSeen(_ backEnd: BackEnd, _ alteration: String) async throws {
    try await backEnd.run { world in
      try await fill(world)
      try world.place.execute("UPDATE audit SET \(alteration) WHERE seq = 2")
      #expect(firstBroken(try await world.store.audit(after: 0, limit: 100)) == 2)
    }
  }

  @Test(arguments: BackEnd.all) func aRecordTakenOutIsSeen(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      try await fill(world)
      try world.place.execute("DELETE FROM audit WHERE seq = 2")
      #expect(firstBroken(try await world.store.audit(after: 0, limit: 100)) == 3)
    }
  }
}
