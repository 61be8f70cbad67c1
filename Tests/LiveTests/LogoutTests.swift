// Logging out: by any generation, by an access token, everywhere; always 204, and heeded at once.

import Foundation
import Testing

@Suite struct LogoutTests {
  @Test func byARefreshTokenOfAnyGeneration() async throws {
    try await withServer { server in
      try await server.addUser()
      for generations in [0, 1, 3] {
        let first = try await server.login()
        let last = try await server.rotate(first, times: generations)
        #expect(try await server.isGood(last.access))
        for _ in 0..<2 {
          let answer = try await server.post("/v1/logout", ["refresh_token": .string(first.refresh)])
          #expect(answer.status == 204)
          #expect(answer.field("cache-control") == "no-store")
        }
        #expect(try await server.isGood(last.access) == false)
        #expect(try await server.tryRefresh(last.refresh).error == "invalid_grant")
      }
      // Each session was ended once, and none for reuse.
      let events = try await server.audit().compactMap { $0["event"]?.string }
      #expect(events.filter { $0 == "logout" }.count == 3)
      #expect(events.contains { $0.contains("reuse") } == false)
    }
  }

  @Test func byAnAccessToken() async throws {
    try await withServer { server in
      try await server.addUser()
      let (one, other) = (try await server.login(), try await server.login())
      #expect(try await server.send(.bearer("POST", "/v1/logout", one.access)).status == 204)
      #expect(try await server.tryRefresh(one.refresh).status == 401)
      #expect(try await server.isGood(one.access) == false)
      #expect(try await server.isGood(other.access))
      // The token of a session that has ended is no longer good for anything.
      #expect(try await server.send(.bearer("POST", "/v1/logout", one.access)).status == 401)
    }
  }

  @Test func everywhere() async throws {
    try await withServer { server in
      try await server.addUser()
      try await server.addUser("bob")
      let bob = try await server.login("bob")
      for byRefreshToken in [true, false] {
        let sessions = [try await server.login(), try await server.login(), try await server.login()]
        let mine = sessions[1]
        let answer =
          byRefreshToken
          ? try await server.post("/v1/logout", ["refresh_token": .string(mine.refresh), "all": true])
          : try await server.post("/v1/logout", ["all": true], bearer: mine.access)
        #expect(answer.status == 204)
        for session in sessions {
          #expect(try await server.tryRefresh(session.refresh).status == 401)
          #expect(try await server.isGood(session.access) == false)
        }
        // An old token must not sign its user out again.
        let next = try await server.login()
        #expect(
          try await server.post("/v1/logout", ["refresh_token": .string(mine.refresh), "all": true]).status == 204)
        #expect(try await server.isGood(next.access))
      }
      _ = try await server.refresh(bob.refresh)
    }
  }

  @Test func withoutACredential() async throws {
    try await withServer { server in
      let bare = try await server.post("/v1/logout", [:])
      #expect(bare.status == 401)
      #expect(try await server.post("/v1/logout", ["refresh_token": "sgr_x"]).error == "invalid_grant")
      #expect(try await server.post("/v1/logout", ["refresh_token": 7]).error == "invalid_request")
      #expect(try await server.post("/v1/logout", ["refresh_token": "sgr_x", "all": "yes"]).error == "invalid_request")
    }
  }
}
