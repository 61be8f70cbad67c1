// A disk, and sockets, that fail in the middle of a load, then recover, then fail again until SIGKILL: what was
// acknowledged holds, what wasn't is refused with a reason, and service returns by itself.
//
// CrashTests and DiskTests do this with one cause each and a system that otherwise works. Here everything goes on at
// once, so the clients (Survivors.swift) repeat what wasn't answered, as the README tells them to.

import Foundation
import Testing

@Suite struct BrokenDiskTests {
  /// What breaks, and what the log must say of it.
  struct Day: Sendable, CustomTestStringConvertible {
    let rates: String
    var causes: [String] = []
    var testDescription: String { rates }
  }

  static let days = [
    Day(rates: "fsync_fail=30", causes: [#""cause":"store_failed"#]),
    Day(rates: "enospc=20", causes: [#""cause":"disk_full"#]),
    Day(rates: "fsync_ms=200"),
    Day(rates: "short=30 eintr=10 eagain=20 reset=2 emfile=20"),
    Day(
      rates: "short=20 eintr=5 eagain=10 reset=1 fsync_ms=5 fsync_fail=10 enospc=5",
      causes: [#""cause":"disk_full"#, #""cause":"store_failed"#]),
  ]

  @Test(.needsPlainServer, arguments: days, Programs.isLong ? BrokenSystem.seeds : Array(BrokenSystem.seeds.prefix(1)))
  func whatWasAcknowledgedHolds(_ day: Day, _ seed: UInt64) async throws {
    let system = try BrokenSystem("what was acknowledged holds, \(day.rates)", seed: seed)
    try await withServer(["session.max_per_user=10000"], environment: system.environment) { server in
      try await server.addUser()
      let survivors = try await Survivors.run(server) { progress in
        try await progress.goesOn(by: 50)
        try system.breaks(day.rates)
        try await eventually("the faults are felt") {
          system.happened(day.rates) && day.causes.allSatisfy { server.log.contains($0) }
        }
        try await progress.goesOn(by: 20)
        try system.mend()
        try await progress.goesOn(by: 50)
        try system.breaks(day.rates)
        var random = Seeded(state: seed)
        try await Task.sleep(for: .milliseconds(Int.random(in: 20...400, using: &random)))
        await server.child.signal(SIGKILL)
      }
      let second = try await server.restartUnbroken()
      let outcome = await Result<Void, any Error>.of { try await survivors.check(second) }
      await second.child.destroy()
      try outcome.get()
      print("\(day.rates): \(survivors)")
    }
  }

  /// A commit that takes longer than the queue's deadline: the next in the queue is refused without having happened, its
  /// own answer comes once it is over, and what needs no write isn't held up.
  @Test(.needsPlainServer) func aStuckSyncDelaysWritesAlone() async throws {
    let system = try BrokenSystem("a stuck sync", seed: 0)
    try await withServer(environment: system.environment) { server in
      try await server.addUser()
      let tokens = [try await server.login(), try await server.login()]
      // What the server writes by itself after its start is written.
      try await server.unbroken.publishes()
      try system.breaks("fsync_ms=3600000")
      let first = try await Self.refreshing(tokens[0], server)
      try await eventually("the commit is under way") { system.happened("fsync_ms=3600000") }
      let second = try await Self.refreshing(tokens[1], server)
      for _ in 0..<50 { #expect(try await server.get("/.well-known/jwks.json").status == 200) }
      #expect(try await server.isGood(tokens[0].access))
      let refused = try await blocking { try second.answer() }
      #expect(refused.status == 503)
      #expect(refused.field("retry-after") != nil)
      #expect(!first.hasInput)
      try system.mend()
      let acknowledged = try Tokens(try await blocking { try first.answer() })
      try await eventually("the log has the cause") { server.log.contains(#""cause":"store_overloaded"#) }
      // What the server itself wrote meanwhile, who fetched its keys, may be under way still.
      let again = try await eventually("the store takes writes") {
        try? Tokens(try await server.tryRefresh(tokens[0].refresh))
      }
      #expect(again.refresh == acknowledged.refresh)
      let later = try await server.refresh(tokens[1].refresh)
      #expect(Survivor.generation(of: later.refresh) == 1)
      #expect(Survivor.generation(of: acknowledged.refresh) == 1)
    }
  }

  private static func refreshing(_ tokens: Tokens, _ server: LiveServer) async throws -> Connection {
    try await blocking {
      let connection = try Connection(port: server.port)
      try connection.send(Request.json("/v1/refresh", ["refresh_token": .string(tokens.refresh)]).kept.bytes)
      return connection
    }
  }
}
