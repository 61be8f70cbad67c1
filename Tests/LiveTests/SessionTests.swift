// The list of sessions, ending one, how many a user may have and how long they last.

import Foundation
import Testing

@Suite struct SessionTests {
  @Test func listedAndEndedByTheirOwner() async throws {
    try await withServer { server in
      try await server.addUser()
      try await server.addUser("bob")
      let bob = try await server.login("bob")
      var request = Request.json(
        "/v1/login", ["username": "ada", "password": .string(goodPassword), "device": "Ada's phone"])
      request.fields.append(("User-Agent", "test/1"))
      let phone = try Tokens(try await server.send(request))
      let laptop = try await server.login()

      let list = try await sessions(laptop, server)
      #expect(Set(list.compactMap { $0["id"]?.string }) == [phone.session, laptop.session])
      let shown = try #require(list.first { $0["id"]?.string == phone.session })
      #expect(shown["device"] == "Ada's phone")
      #expect(shown["user_agent"] == "test/1")
      #expect(shown["ip"] == "127.0.0.1")
      #expect(shown["current"] == false)
      #expect(shown["created_at"]?.string?.hasSuffix("Z") == true)
      #expect(shown["last_used_at"]?.string?.hasSuffix("Z") == true)
      #expect(list.first { $0["id"]?.string == laptop.session }?["current"] == true)

      func end(_ id: String) async throws -> Answer {
        try await server.send(.bearer("DELETE", "/v1/sessions/\(id)", laptop.access))
      }
      for foreign in [bob.session, UUID().uuidString.lowercased(), "x", "%2e"] {
        let answer = try await end(foreign)
        #expect(answer.status == 404, "\(foreign)")
        #expect(answer.error == "not_found")
      }
      #expect(try await server.isGood(bob.access))
      #expect(try await end(phone.session).status == 204)
      #expect(try await server.isGood(phone.access) == false)
      #expect(try await server.tryRefresh(phone.refresh).status == 401)
      #expect(try await sessions(laptop, server).count == 1)
      #expect(try await end(laptop.session).status == 204)
      #expect(try await server.isGood(laptop.access) == false)
      #expect(try await server.send(Request("DELETE", "/v1/sessions/\(bob.session)")).status == 401)
    }
  }

  @Test func theOldestMakesRoom() async throws {
    try await withServer(["session.max_per_user=2"]) { server in
      try await server.addUser()
      var all: [Tokens] = []
      for _ in 0..<4 {
        all.append(try await server.login())
        // Sessions are told apart by the millisecond.
        let moment = Date()
        try await eventually("the clock moves on") { Date().timeIntervalSince(moment) > 0.002 }
      }
      for (index, tokens) in all.enumerated() {
        #expect(try await server.isGood(tokens.access) == (index >= 2), "session \(index)")
      }
      #expect(try await sessions(all[3], server).count == 2)
    }
  }

  @Test func idleForTooLong() async throws {
    try await withServer(["session.idle_ttl=3s"]) { server in
      try await server.addUser()
      let (kept, idle) = (try await server.login(), try await server.login())
      var last = kept
      // The one that is used outlives the one that isn't; only a standstill of the machine could end both.
      try await eventually("the idle session ends") {
        last = try await server.refresh(last.refresh)
        return try await server.isGood(idle.access) == false
      }
      #expect(try await server.tryRefresh(idle.refresh).error == "invalid_grant")
      #expect((1...3).contains(last.json["refresh_expires_in"]?.integer ?? 0))
    }
  }

  @Test func olderThanItMayBecome() async throws {
    let settings = ["session.absolute_ttl=4s", "token.access_ttl=4s", "session.retry_window=1s"]
    try await withServer(settings) { server in
      try await server.addUser()
      let first = try await server.login()
      let began = try #require(try first.claims["auth_time"]?.integer)
      var last = first
      try await eventually("the session ends, however much it is used") {
        let answer = try await server.tryRefresh(last.refresh)
        guard answer.status == 200 else { return answer.error == "invalid_grant" }
        last = try Tokens(answer)
        // Never past the session's own end.
        #expect((try last.claims["exp"]?.integer ?? .max) <= began + 5)
        return false
      }
      #expect(try await server.isGood(last.access) == false)
      #expect(try await server.audit().contains { $0["event"]?.string?.contains("reuse") == true } == false)
    }
  }

  private func sessions(_ tokens: Tokens, _ server: LiveServer) async throws -> [JSON] {
    let answer = try await server.get("/v1/sessions", bearer: tokens.access)
    #expect(answer.field("cache-control") == "no-store")
    return try answer.json["sessions"]?.array ?? []
  }
}
