// What was ended is refused at once, on every connection, after a crash, and when another process has ended it.
//
// A session's row would tell that it has ended, too. So the rows are made to look alive again behind the server's back
// where a test is to show that the denylist is heeded.

import Foundation
import Testing

@Suite struct DenylistTests {
  /// More connections than loops, each of which is on one of them.
  @Test func everyLoopRefusesFromTheAnswerOn() async throws {
    try await withServer(["server.loops=3"]) { server in
      try await server.addUser()
      for _ in 0..<10 {
        let tokens = try await server.login()
        let checks = ["/v1/me", "/v1/verify"].map { kept(.bearer("GET", $0, tokens.access)).bytes }
        let logout = kept(.json("/v1/logout", ["refresh_token": .string(tokens.refresh)]))
        let statuses = try await blocking {
          let connections = try (0..<9).map { _ in try Connection(port: server.port) }
          func statuses() throws -> Set<Int> {
            for (number, connection) in connections.enumerated() { try connection.send(checks[number % 2]) }
            return Set(try connections.map { try $0.answer().status })
          }
          let before = try statuses()
          try connections[0].send(logout.bytes)
          let ended = try connections[0].answer().status
          return [before, [ended], try statuses()]
        }
        #expect(statuses == [[200], [204], [401]])
      }
      #expect(try await server.metrics().contains(#"signet_denials_total{kind="session"} 10"#))
    }
  }

  @Test func aCrashForgetsNothing() async throws {
    // Their issuer must be the same after the restart, on whatever port.
    try await withServer(["issuer=https://id.example"]) { first in
      try await first.addUser()
      let (ended, other) = (try await first.login(), try await first.login())
      #expect(try await first.post("/v1/logout", ["refresh_token": .string(ended.refresh)]).status == 204)
      let server = try await first.restart(signal: SIGKILL)
      let outcome = await Result<Void, any Error>.of {
        try await server.sql("UPDATE session SET revoked_at = NULL")
        #expect(try await server.isGood(ended.access) == false)
        #expect(try await server.isGood(other.access))
        #expect(try await server.metrics().contains("signet_denylist_entries 1\n"))
      }
      await server.child.destroy()
      try outcome.get()
    }
  }

  @Test(arguments: [["session", "revoke"], ["session", "revoke", "--user"], ["user", "disable"]])
  func commandsAreHeeded(_ command: [String]) async throws {
    try await withServer { server in
      try await server.addUser()
      let tokens = try await server.login()
      #expect(try await server.isGood(tokens.access))
      let session = try #require(try tokens.claims["sid"]?.string)
      try await server.done(command + [command == ["session", "revoke"] ? session : "ada"])
      try await server.sql("UPDATE session SET revoked_at = NULL")
      try await server.sql("UPDATE user SET disabled_at = NULL")
      try await eventually("the command is heeded") { try await server.isGood(tokens.access) == false }
      #expect(try await server.metrics().contains(#"signet_denials_total{kind="session"} 1"#))
    }
  }

  /// On a connection that goes on.
  private func kept(_ request: Request) -> Request {
    var request = request
    request.closes = false
    return request
  }
}
