// Changing the password: this device stays, the others go; and nothing about users is told by a refusal.

import Foundation
import Testing

@Suite struct PasswordTests {
  private static let new = "a different long sentence"

  @Test func theDeviceThatChangesItStays() async throws {
    try await withServer { server in
      try await server.addUser()
      let (mine, other) = (try await server.login(), try await server.login())
      let mineNow = try await server.refresh(mine.refresh)
      let answer = try await change(goodPassword, Self.new, mineNow.access, server)
      #expect(answer.field("cache-control") == "no-store")
      let next = try Tokens(answer)
      #expect(next.session == mine.session)
      for old in [mine.access, mineNow.access, other.access] { #expect(try await server.isGood(old) == false) }
      #expect(try await server.isGood(next.access))
      #expect(try await server.tryRefresh(other.refresh).status == 401)
      _ = try await server.refresh(next.refresh)
      #expect(try await server.tryLogin().status == 401)
      _ = try await server.login(password: Self.new)
      #expect(try await server.audit().contains { $0["event"]?.string?.contains("password") == true })
    }
  }

  @Test func whatIsRefusedChangesNothing() async throws {
    try await withServer { server in
      try await server.addUser()
      let mine = try await server.login()
      let wrong = try await change("not this one", Self.new, mine.access, server)
      #expect(wrong.status == 401)
      #expect(wrong.error == "invalid_credentials")
      for bad in ["short", "ada", String(repeating: "x", count: 1025)] {
        let answer = try await change(goodPassword, bad, mine.access, server)
        #expect(answer.status == 400, "\(bad.prefix(10))")
        #expect(answer.error == "invalid_request")
      }
      #expect(try await server.post("/v1/password", ["current_password": "x", "new_password": "y"]).status == 401)
      #expect(try await server.isGood(mine.access))
      _ = try await server.login()
    }
  }

  @Test func anOperatorsNewPasswordEndsEverySession() async throws {
    try await withServer { server in
      try await server.addUser()
      let mine = try await server.login()
      try await server.done(["user", "set-password", "ada", "--password-stdin"], input: Self.new + "\n")
      #expect(try await server.isGood(mine.access) == false)
      #expect(try await server.tryRefresh(mine.refresh).status == 401)
      _ = try await server.login(password: Self.new)
    }
  }

  @Test func refusalsTellNothing() async throws {
    try await withServer { server in
      try await server.addUser()
      try await server.addUser("off")
      try await server.done(["user", "disable", "off"])
      func refusal(_ name: String, _ password: String) async throws -> JSON {
        let answer = try await server.tryLogin(name, password: password)
        #expect(answer.status == 401)
        #expect(answer.field("www-authenticate") == #"Bearer realm="signet""#)
        var members = try answer.json.object ?? [:]
        members["request_id"] = nil
        return .object(members)
      }
      let wrong = try await refusal("ada", "wrong password")
      #expect(wrong["error"] == "invalid_credentials")
      for (name, password) in [("nobody", "wrong password"), ("off", goodPassword), ("off", "wrong"), ("ada", "")] {
        guard !password.isEmpty else { continue }
        #expect(try await refusal(name, password) == wrong)
      }
      let causes = server.log
      for cause in ["wrong_password", "unknown_user", "user_disabled"] {
        try await eventually("the log tells \(cause)") { causes.contains(cause) || server.log.contains(cause) }
      }
    }
  }

  /// With the default cost, so that a missing hash would show.
  @Test func refusalsTakeTheSameTime() async throws {
    try await withServer(["password.memory_kib=19456", "password.iterations=2"]) { server in
      try await server.addUser()
      var (wrong, unknown): ([Double], [Double]) = ([], [])
      for _ in 0..<30 {
        wrong.append(try await time { _ = try await server.tryLogin("ada", password: "wrong password") })
        unknown.append(try await time { _ = try await server.tryLogin("nobody", password: "wrong password") })
      }
      let medians = (wrong.sorted()[15], unknown.sorted()[15])
      print("login refused: wrong password \(medians.0) s, unknown user \(medians.1) s (medians of 30)")
      #expect((0.4...2.5).contains(medians.0 / medians.1))
    }
  }

  private func time(_ body: () async throws -> Void) async throws -> Double {
    let began = ContinuousClock.now
    try await body()
    let took = began.duration(to: .now).components
    return Double(took.seconds) + Double(took.attoseconds) / 1e18
  }

  private func change(_ current: String, _ new: String, _ access: String, _ server: LiveServer) async throws -> Answer {
    try await server.post(
      "/v1/password", ["current_password": .string(current), "new_password": .string(new)], bearer: access)
  }
}
