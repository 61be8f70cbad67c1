// A disk that takes long for each commit: refreshes wait and share commits, those that would wait past the store's
// deadline are refused with 503, and each one happened exactly as often as it was told.
//
// How fast any of that is depends on the machine, so it isn't looked at: what is answered is, and what holds afterwards.

import Foundation
import Testing

@Suite struct SlowDiskTests {
  private static let slow = "fsync_ms=200"
  /// For longer than any test: until the system is mended.
  private static let stuck = "fsync_ms=3600000"

  @Test(.needsPlainServer) func slowCommitsAreShared() async throws {
    try await Self.withClients("a slow disk") { system, server, clients in
      var clients = clients
      let before = try await Self.commits(server)
      try system.breaks(Self.slow)
      for _ in 0..<4 {
        let asked = try await Self.ask(clients, system, server, Self.slow)
        clients = try await Self.answers(clients[...], asked[...])
      }
      try system.mend()
      let after = try await Self.commits(server)
      #expect(clients.map(\.rotations) == clients.map { _ in 4 })
      // One by one there would be one for each. Some are the server's own.
      #expect(after - before < Double(clients.count * 4) / 2)
      for client in clients { try await client.check(server) }
      print("a slow disk: \(clients.count * 4) refreshes, \(after - before) commits")
    }
  }

  /// Whoever waits behind a commit that doesn't end is refused at the deadline all the same, and no later; who is in that
  /// commit waits for what becomes of it.
  @Test(.needsPlainServer) func nobodyWaitsForAStuckCommit() async throws {
    try await Self.withClients("a stuck disk") { system, server, clients in
      try system.breaks(Self.stuck)
      let asked = try await Self.ask(clients, system, server, Self.stuck)
      let before = try await Self.commits(server)
      let others = try await Self.answers(clients.dropFirst(), asked.dropFirst())
      #expect(others.map(\.refused) == others.map { _ in 1 })
      // The disk is still stuck.
      #expect(try await Self.commits(server) == before)
      #expect(!asked[0].hasInput)
      try system.mend()
      let first = try await Self.answers(clients.prefix(1), asked.prefix(1))
      #expect(first.map(\.rotations) == [1])
      for client in first + others { try await client.check(server) }
    }
  }

  /// Runs `body` with 64 clients and a server which has written what it writes by itself after its start.
  private static func withClients(
    _ test: String, _ body: (BrokenSystem, LiveServer, [SlowClient]) async throws -> Void
  ) async throws {
    let system = try BrokenSystem(test, seed: BrokenSystem.seeds[0])
    try await withServer(["session.max_per_user=10000"], environment: system.environment) { server in
      try await server.addUser()
      let clients = try await (0..<64).asyncMap { _ in SlowClient(try await server.login()) }
      try await server.unbroken.publishes()
      try await body(system, server, clients)
    }
  }

  private static func commits(_ server: LiveServer) async throws -> Double {
    try await server.metric("signet_store_batches_total") ?? 0
  }

  /// Every client asks for a refresh; the first alone, so that the others wait for its commit together.
  private static func ask(
    _ clients: [SlowClient], _ system: BrokenSystem, _ server: LiveServer, _ rate: String
  ) async throws -> [Connection] {
    let first = try await blocking { try clients[0].ask(server.port) }
    try await eventually("a commit is under way") { system.happened(rate) }
    return try await blocking { [first] + (try clients.dropFirst().map { try $0.ask(server.port) }) }
  }

  private static func answers(
    _ clients: ArraySlice<SlowClient>, _ asked: ArraySlice<Connection>
  ) async throws -> [SlowClient] {
    try await blocking { try zip(clients, asked).map { try $0.told($1.answer()) } }
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
