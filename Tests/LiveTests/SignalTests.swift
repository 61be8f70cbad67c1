// SIGTERM drains and ends with 0.

import Foundation
import Testing

@Suite struct SignalTests {
  @Test func whatIsUnderWayIsFinished() async throws {
    // A hash that takes long enough to be under way when the signal comes.
    let cost = [
      "password.memory_kib=262144", "password.iterations=6", "hashing.deadline=60s", "limits.drain_timeout=60s",
    ]
    try await withServer(cost) { server in
      try await server.addUser()
      let idle = try await blocking {
        let connection = try Connection(port: server.port)
        try connection.send(Request("GET", "/healthz").kept.bytes)
        _ = try connection.answer()
        return connection
      }
      let login = Request.json("/v1/login", ["username": "ada", "password": .string(goodPassword)])
      async let answer = server.send(login)
      try await eventually("the login is under way") {
        try await server.metrics().contains("signet_hashing_running 1")
      }
      await server.child.signal(SIGTERM)
      try await eventually("new connections are refused") { (try? Connection(port: server.port)) == nil }
      #expect(try await answer.status == 200)
      #expect(try await blocking { idle.isClosed() })
      let status = try await server.child.end()
      #expect(status == 0)
    }
  }

  @Test(arguments: [SIGTERM, SIGINT]) func anIdleServerEnds(_ signal: Int32) async throws {
    try await withServer { server in
      await server.child.signal(signal)
      let status = try await server.child.end()
      #expect(status == 0)
    }
  }

  /// Clients that refresh as fast as they can see answers or a closed connection, never an error.
  @Test func underLoadNobodyIsFailed() async throws {
    try await withServer { first in
      try await first.addUser()
      let begun = try await (0..<4).asyncMap { _ in try await first.login().refresh }
      let results = try await withThrowingTaskGroup(of: (last: String, bad: String?).self) { group in
        for token in begun { group.addTask { try await blocking { Self.refreshUntilClosed(token, first.port) } } }
        try await eventually("the load is on") { try await first.metrics().contains(/outcome="rotated"} [0-9]{2}/) }
        await first.child.signal(SIGTERM)
        return try await group.reduce(into: []) { $0.append($1) }
      }
      let status = try await first.child.end()
      #expect(status == 0)
      let second = try await first.restart()
      let answers = await Result<[Int], any Error>.of {
        try await results.asyncMap { try await second.tryRefresh($0.last).status }
      }
      await second.child.destroy()
      #expect(try answers.get() == [200, 200, 200, 200])
      for result in results { #expect(result.bad == nil) }
    }
  }

  private static func refreshUntilClosed(_ token: String, _ port: Int) -> (last: String, bad: String?) {
    var last = token
    while let connection = try? Connection(port: port) {
      while true {
        try? connection.send(Request.json("/v1/refresh", ["refresh_token": .string(last)]).kept.bytes)
        guard let answer = try? connection.answer() else { break }
        guard let tokens = try? Tokens(answer) else { return (last, "\(answer)") }
        last = tokens.refresh
      }
    }
    return (last, nil)
  }
}
