// SIGKILL at a random moment under load, then a restart on the same folder: what was acknowledged holds.
//
// Each client is a thread that refreshes in a loop and remembers the last answers it got; another logs out again and
// again. A request under way at the kill may or may not have happened; the retry rule covers both.

import Foundation
import Testing

@Suite struct CrashTests {
  @Test func whatWasAcknowledgedHolds() async throws {
    let seed = Programs.environment("SIGNET_SEED").flatMap { UInt64($0) } ?? UInt64.random(in: 0..<1 << 32)
    print("crash test: SIGNET_SEED=\(seed)")
    var random = Seeded(state: seed)
    try await withServer { first in
      var server = first
      try await server.addUser()
      for round in 1...(Programs.isLong ? 20 : 5) {
        let delay = Int.random(in: 20...400, using: &random)
        let results = try await load(server, killedAfter: delay)
        server = try await server.restart(signal: SIGKILL)
        let outcome = await Result<Void, any Error>.of {
          try await check(results, server, "round \(round), seed \(seed)")
        }
        if case .failure = outcome { await server.child.destroy() }
        try outcome.get()
      }
      await server.child.destroy()
    }
  }

  /// Runs the clients until the server dies; what each was told.
  private func load(_ server: LiveServer, killedAfter delay: Int) async throws -> [Client] {
    let begun = try await (0..<6).asyncMap { index in Client(try await server.login(), endsSessions: index == 5) }
    return try await withThrowingTaskGroup(of: Client.self) { group in
      for client in begun { group.addTask { try await blocking { client.run(port: server.port) } } }
      try await Task.sleep(for: .milliseconds(delay))
      await server.child.signal(SIGKILL)
      var ended: [Client] = []
      for try await client in group { ended.append(client) }
      return ended
    }
  }

  private func check(_ clients: [Client], _ server: LiveServer, _ when: String) async throws {
    #expect(try await server.sql("PRAGMA integrity_check") == "ok\n", "\(when)")
    #expect(try await server.command(["audit", "verify"]).status == 0, "\(when)")
    for client in clients {
      #expect(client.complaint == nil, "\(when)")
      for token in client.ended {
        #expect(try await server.tryRefresh(token).status == 401, "\(when): a logout was lost")
      }
      guard !client.endsSessions else { continue }
      let answer = try await server.tryRefresh(client.last)
      #expect(answer.status == 200, "\(when), after \(client.rotations) rotations: \(answer)")
      guard let spent = client.spent, answer.status == 200 else { continue }
      #expect(try await server.tryRefresh(spent).status == 401, "\(when): a spent token was accepted")
      #expect(try await server.tryRefresh(try Tokens(answer).refresh).status == 401, "\(when): reuse ended nothing")
    }
    print("crash test: \(when): \(clients.map(\.rotations)) rotations, \(clients.flatMap(\.ended).count) logouts held")
  }
}

/// A client that goes on until the server is gone.
private struct Client: Sendable {
  let endsSessions: Bool
  /// The last token acknowledged, and the one two generations before it.
  var last: String
  var spent: String?
  private var before: String?
  private(set) var rotations = 0
  /// Tokens whose logout was acknowledged.
  private(set) var ended: [String] = []
  /// An answer that no acknowledged token should get.
  private(set) var complaint: String?

  init(_ tokens: Tokens, endsSessions: Bool) {
    last = tokens.refresh
    self.endsSessions = endsSessions
  }

  consuming func run(port: Int) -> Client {
    var client = self
    // Ends by the error that the dead server brings.
    try? client.loop(try Connection(port: port))
    return client
  }

  private mutating func loop(_ connection: Connection) throws {
    while complaint == nil {
      if endsSessions { try endOne(connection) } else { try rotate(connection) }
    }
  }

  private mutating func rotate(_ connection: Connection) throws {
    try connection.send(Request.json("/v1/refresh", ["refresh_token": .string(last)]).kept.bytes)
    let answer = try connection.answer()
    guard answer.status == 200 else { return complaint = "\(answer)" }
    (spent, before, last) = (before, last, try Tokens(answer).refresh)
    rotations += 1
  }

  private mutating func endOne(_ connection: Connection) throws {
    let login: JSON = ["username": "ada", "password": .string(goodPassword)]
    try connection.send(Request.json("/v1/login", login).kept.bytes)
    let token = try Tokens(try connection.answer()).refresh
    try connection.send(Request.json("/v1/logout", ["refresh_token": .string(token)]).kept.bytes)
    let answer = try connection.answer()
    if answer.status == 204 { ended.append(token) } else { complaint = "\(answer)" }
  }
}

/// SplitMix64 (Steele, Lea, Flood): a seed gives the same run again.
struct Seeded: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }
}

extension Sequence {
  /// `map` for async work, one after the other.
  func asyncMap<Value>(_ transform: (Element) async throws -> Value) async rethrows -> [Value] {
    var values: [Value] = []
    for element in self { values.append(try await transform(element)) }
    return values
  }
}
