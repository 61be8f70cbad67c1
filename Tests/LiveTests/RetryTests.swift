// A lost answer is given again; a spent token ends the session. The rules of "Tokens, retries and reuse".

import Foundation
import Testing

@Suite struct RetryTests {
  @Test func theSameAnswerAgain() async throws {
    try await withServer { server in
      try await server.addUser()
      let first = try await server.login()
      let second = try await server.refresh(first.refresh)
      for _ in 0..<3 {
        let again = try await server.refresh(first.refresh)
        #expect(again.refresh == second.refresh)
        for name in ["jti", "iat", "exp", "sub", "sid", "aud"] {
          #expect(try again.claims[name] == second.claims[name], "\(name)")
        }
        let left = try #require(again.json["expires_in"]?.integer)
        let expiry = try #require(try again.claims["exp"]?.integer)
        #expect(abs(expiry - Int(Date().timeIntervalSince1970) - left) <= 2)
      }
      let third = try await server.refresh(second.refresh)
      #expect(third.refresh != second.refresh)
    }
  }

  @Test func aNarrowerScopeConcernsOneAccessTokenAlone() async throws {
    try await withServer { server in
      try await server.addUser()
      let output = try await server.done(
        [
          "client", "add", "app", "--id", "app", "--scope", "read", "--scope", "write", "--audience", "orders",
          "--json",
        ])
      #expect(try JSON(output)["client_id"] == "app")
      let body: JSON = [
        "username": "ada", "password": .string(goodPassword), "client_id": "app", "scope": "read write",
      ]
      let answer = try await eventually("the client is usable", within: 30) {
        let answer = try await server.post("/v1/login", body)
        return answer.status == 200 ? answer : nil
      }
      let first = try Tokens(answer)
      #expect(try first.claims["scope"] == "read write")
      #expect(try first.claims["aud"]?.array?.first == "orders")
      let narrow = try Tokens(
        try await server.post("/v1/refresh", ["refresh_token": .string(first.refresh), "scope": "read"]))
      #expect(try narrow.claims["scope"] == "read")
      #expect(narrow.json["scope"] == "read")
      let wide = try await server.refresh(narrow.refresh)
      #expect(try wide.claims["scope"] == "read write")

      // Wider is refused, and costs no rotation.
      let wider = try await server.post("/v1/refresh", ["refresh_token": .string(wide.refresh), "scope": "read admin"])
      #expect(wider.status == 400)
      #expect(wider.error == "invalid_scope")
      let after = try await server.refresh(wide.refresh)
      // Another client's name on it is refused, and nothing is revoked.
      let stranger = try await server.post(
        "/v1/refresh", ["refresh_token": .string(after.refresh), "client_id": "signet"])
      #expect(stranger.status == 401)
      #expect(stranger.error == "invalid_grant")
      _ = try await server.refresh(after.refresh)
    }
  }

  @Test func anOlderTokenEndsTheSession() async throws {
    try await withServer { server in
      try await server.addUser()
      let first = try await server.login()
      let other = try await server.login()
      let last = try await server.rotate(first, times: 2)
      let reused = try await server.tryRefresh(first.refresh)
      #expect(reused.status == 401)
      #expect(reused.error == "invalid_grant")
      #expect(reused.field("www-authenticate") == #"Bearer realm="signet""#)
      #expect(try await server.tryRefresh(last.refresh).status == 401)
      #expect(try await server.isGood(last.access) == false)
      let rows = try await server.audit().filter { $0["event"]?.string?.contains("reuse") == true }
      #expect(rows.count == 1)
      #expect(rows.first?["session_id"]?.string == first.session)
      #expect(rows.first?["detail"]?.string?.contains(#""distance":2"#) == true)
      #expect(rows.first?["request_id"]?.string == reused.field("x-request-id"))
      // The user's other session is untouched.
      _ = try await server.refresh(other.refresh)
      #expect(try await server.metrics().contains(#"signet_refreshes_total{outcome="reuse"} 1"#))
    }
  }

  @Test func strictWithoutAWindow() async throws {
    try await withServer(["session.retry_window=0s"]) { server in
      try await server.addUser()
      let first = try await server.login()
      let second = try await server.refresh(first.refresh)
      #expect(try await server.tryRefresh(first.refresh).error == "invalid_grant")
      #expect(try await server.tryRefresh(second.refresh).error == "invalid_grant")
    }
  }

  @Test func laterThanTheWindowIsReuse() async throws {
    try await withServer(["session.retry_window=1s"]) { server in
      try await server.addUser()
      let first = try await server.login()
      let second = try await server.refresh(first.refresh)
      // Retries are answered until the window has passed; then one is the reuse.
      let refused = try await eventually("the window has passed") {
        let answer = try await server.tryRefresh(first.refresh)
        return answer.status == 200 ? nil : answer
      }
      #expect(refused.error == "invalid_grant")
      #expect(try await server.tryRefresh(second.refresh).error == "invalid_grant")
    }
  }
}
