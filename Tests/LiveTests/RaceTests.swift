// Two hundred clients with one refresh token at the same moment: exactly one rotation.

import Foundation
import Testing

@Suite struct RaceTests {
  private static let clients = 200

  @Test func allGetTheSameNewToken() async throws {
    try await withServer { server in
      try await server.addUser()
      let first = try await server.login()
      let answers = try await race(first.refresh, server)
      #expect(answers.allSatisfy { $0.status == 200 })
      let tokens = try answers.map(Tokens.init)
      #expect(Set(tokens.map(\.refresh)).count == 1)
      #expect(Set(try tokens.map { try $0.claims["jti"]?.string }).count == 1)
      let rows = try JSON(try await server.done(["session", "list", "ada", "--json"])).array ?? []
      #expect(rows.first?["generation"] == 1)
      #expect(try await server.metrics().contains(#"signet_refreshes_total{outcome="rotated"} 1"#))
      _ = try await server.refresh(try #require(tokens.first).refresh)
    }
  }

  @Test func withoutAWindowOneWinsAndTheSessionEnds() async throws {
    try await withServer(["session.retry_window=0s"]) { server in
      try await server.addUser()
      let first = try await server.login()
      let answers = try await race(first.refresh, server)
      let won = answers.filter { $0.status == 200 }
      #expect(won.count == 1)
      #expect(answers.filter { $0.error == "invalid_grant" }.count == Self.clients - 1)
      let winner = try Tokens(try #require(won.first))
      #expect(try await server.tryRefresh(winner.refresh).status == 401)
      #expect(try await server.isGood(winner.access) == false)
    }
  }

  /// Inside the window only another address shows a thief.
  @Test(arguments: ["allow", "revoke"]) func aRetryFromElsewhereIsToldAndMayEndTheSession(_ setting: String)
    async throws
  {
    try await withServer(["session.retry_elsewhere=\(setting)"]) { server in
      try await server.addUser()
      let first = try await server.login()
      let second = try await server.refresh(first.refresh)
      let retry = Request.json("/v1/refresh", ["refresh_token": .string(first.refresh)])
      let answers = try await blocking {
        try (0..<2).map { _ in
          let connection = try Connection(port: server.port, source: 2)
          try connection.send(retry.bytes)
          return try connection.answer()
        }
      }
      #expect(try Tokens(answers[0]).refresh == second.refresh)
      #expect(answers[1].status == (setting == "allow" ? 200 : 401))
      #expect(try await server.tryRefresh(second.refresh).status == (setting == "allow" ? 200 : 401))
      let rows = try await server.audit()
      let told = rows.filter { $0["event"] == "retried_elsewhere" }
      #expect(told.count == 1)
      #expect(told.first?["ip"] == "127.0.0.2")
      #expect(rows.contains { $0["event"]?.string?.contains("reuse") == true } == (setting == "revoke"))
    }
  }

  /// Connects all, then sends all, then reads all.
  private func race(_ token: String, _ server: LiveServer) async throws -> [Answer] {
    try await blocking {
      let connections = try (0..<Self.clients).map { _ in try Connection(port: server.port) }
      let request = Request.json("/v1/refresh", ["refresh_token": .string(token)]).bytes
      for connection in connections { try connection.send(request) }
      return try connections.map { try $0.answer() }
    }
  }
}
