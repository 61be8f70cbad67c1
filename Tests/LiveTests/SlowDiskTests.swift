// A disk that takes long for each commit: refreshes wait and share commits, those that would wait past the store's
// deadline are refused with 503, and each one happened exactly as often as it was told.
//
// How fast any of that is depends on the machine, so it isn't looked at: what is answered is, and what holds afterwards.

import Foundation
import Testing

@Suite struct SlowDiskTests {
  /// Milliseconds a commit takes, and how many times each client refreshes meanwhile.
  @Test(.needsPlainServer, arguments: [(200, 4), (7000, 1)])
  func eachHappensOnce(_ delay: Int, _ rounds: Int) async throws {
    let system = try BrokenSystem("a slow disk, \(delay) ms", seed: BrokenSystem.seeds[0])
    try await withServer(["session.max_per_user=10000"], environment: system.environment) { server in
      try await server.addUser()
      var clients = try await (0..<64).asyncMap { _ in SlowClient(try await server.login()) }
      try await server.unbroken.publishes()
      let before = try await Self.counts(server)
      try system.breaks("fsync_ms=\(delay)")
      for _ in 0..<rounds { clients = try await Self.round(clients, server, system, "fsync_ms=\(delay)") }
      try system.mend()
      // Once the commit that was slow to the end is over.
      try await eventually("the store takes writes") { try await server.tryLogin().status == 200 }
      let after = try await Self.counts(server)
      let granted = clients.map(\.rotations).reduce(0, +)
      let refused = clients.map(\.refused).reduce(0, +)
      #expect(granted + refused == clients.count * rounds)
      #expect(granted > 0)
      if delay == 200 { #expect(refused == 0) }
      // They shared their commits: one by one there would be one for each. Some are the server's own.
      #expect(after - before < Double(clients.count * rounds) / 2, "for \(granted) refreshes")
      for client in clients { try await client.check(server) }
      print("a slow disk, \(delay) ms: \(granted) refreshes, \(refused) refusals, \(after - before) commits")
    }
  }

  private static func counts(_ server: LiveServer) async throws -> Double {
    try await server.metric("signet_store_batches_total") ?? 0
  }

  /// Every client refreshes once; the first alone, so that the others wait for its commit together.
  private static func round(
    _ clients: [SlowClient], _ server: LiveServer, _ system: BrokenSystem, _ rate: String
  ) async throws -> [SlowClient] {
    let first = try await blocking { try clients[0].ask(server.port) }
    try await eventually("a commit is under way") { system.happened(rate) }
    return try await blocking {
      let asked = [first] + (try clients.dropFirst().map { try $0.ask(server.port) })
      return try zip(clients, asked).map { client, connection in try client.told(try connection.answer()) }
    }
  }
}

/// A client with one session, and what it was told of its refreshes.
private struct SlowClient: Sendable {
  private var last: String
  private(set) var rotations = 0
  private(set) var refused = 0

  init(_ tokens: Tokens) { last = tokens.refresh }

  func ask(_ port: Int) throws -> Connection {
    let connection = try Connection(port: port)
    try connection.send(Request.json("/v1/refresh", ["refresh_token": .string(last)]).kept.bytes)
    return connection
  }

  func told(_ answer: Answer) throws -> SlowClient {
    var client = self
    if answer.status == 503 {
      #expect(answer.error == "temporarily_unavailable")
      #expect(answer.field("retry-after") != nil)
      client.refused += 1
    } else {
      client.last = try Tokens(answer).refresh
      client.rotations += 1
    }
    return client
  }

  /// What was granted holds, and what was refused has not happened.
  func check(_ server: LiveServer) async throws {
    #expect(Survivor.generation(of: last) == rotations)
    let next = try await server.refresh(last)
    #expect(Survivor.generation(of: next.refresh) == rotations + 1)
  }
}
