// The fields of every answer: request ids, nosniff, no-store, CORS.

import Foundation
import Testing

@Suite struct HeaderTests {
  @Test func requestIDs() async throws {
    try await withServer { server in
      func identifier(_ sent: String?) async throws -> String {
        let answer = try await server.send(Request("GET", "/healthz", sent.map { [("X-Request-Id", $0)] } ?? []))
        return try #require(answer.field("x-request-id"))
      }
      for good in ["abcdefgh", "A-b_9-zzz", String(repeating: "x", count: 64)] {
        #expect(try await identifier(good) == good)
      }
      for bad in ["abcdefg", String(repeating: "x", count: 65), "abc defgh", "abcdefg;", "<script>", ""] {
        let own = try await identifier(bad)
        #expect(own != bad)
        #expect(own.wholeMatch(of: /[A-Za-z0-9_-]{8,64}/) != nil)
      }
      let (one, other) = (try await identifier(nil), try await identifier(nil))
      #expect(one != other)
    }
  }

  @Test func everyAnswerIsSniffedByNobodyAndTokensAreStoredNowhere() async throws {
    try await withServer { server in
      try await server.addUser()
      let tokens = try await server.login()
      var answers: [(String, Answer)] = []
      for path in ["/v1/me", "/v1/sessions"] {
        answers.append((path, try await server.get(path, bearer: tokens.access)))
      }
      answers.append(("login", try await server.tryLogin()))
      answers.append(("refused", try await server.tryLogin("ada", password: "wrong one")))
      answers.append(("refresh", try await server.tryRefresh(tokens.refresh)))
      answers.append(("healthz", try await server.get("/healthz")))
      answers.append(("readyz", try await server.get("/readyz")))
      for (name, answer) in answers {
        #expect(answer.field("x-content-type-options") == "nosniff", "\(name)")
        #expect(answer.field("cache-control") == "no-store", "\(name)")
        #expect(answer.field("date") != nil, "\(name)")
        #expect(answer.field("server") == nil, "\(name)")
        #expect(answer.field("strict-transport-security") == nil, "\(name)")
      }
      for path in ["/.well-known/jwks.json", "/openapi.json", "/.well-known/openid-configuration"] {
        let answer = try await server.get(path)
        #expect(answer.field("x-content-type-options") == "nosniff", "\(path)")
        #expect(answer.field("x-request-id") != nil, "\(path)")
        #expect(answer.field("access-control-allow-origin") == "*", "\(path)")
      }
    }
  }

  /// The Fetch standard, for the origins of the configuration alone.
  @Test func origins() async throws {
    try await withServer(["cors.origins=https://app.example.com"]) { server in
      func preflight(_ origin: String) async throws -> Answer {
        try await server.send(
          Request(
            "OPTIONS", "/v1/login",
            [
              ("Origin", origin), ("Access-Control-Request-Method", "POST"),
              ("Access-Control-Request-Headers", "content-type"),
            ]))
      }
      let good = try await preflight("https://app.example.com")
      #expect(good.status == 204)
      #expect(good.field("access-control-allow-origin") == "https://app.example.com")
      #expect(good.field("access-control-allow-methods")?.contains("POST") == true)
      #expect(good.field("access-control-allow-headers")?.lowercased().contains("content-type") == true)
      #expect(good.field("vary") == "Origin")
      for bad in ["https://evil.example.com", "https://app.example.com.evil.com", "null"] {
        let answer = try await preflight(bad)
        #expect(answer.field("access-control-allow-origin") == nil, "\(bad)")
        #expect(answer.field("vary") == "Origin", "\(bad)")
      }
      var login = Request.json("/v1/login", ["username": "nobody", "password": "wrong one"])
      login.fields.append(("Origin", "https://app.example.com"))
      let answer = try await server.send(login)
      #expect(answer.status == 401)
      #expect(answer.field("access-control-allow-origin") == "https://app.example.com")
      let exposed = answer.field("access-control-expose-headers") ?? ""
      for name in ["DPoP-Nonce", "WWW-Authenticate", "Retry-After", "X-Request-Id"] { #expect(exposed.contains(name)) }
    }
    try await withServer { server in
      var request = Request.json("/v1/login", ["username": "nobody", "password": "wrong one"])
      request.fields.append(("Origin", "https://app.example.com"))
      let answer = try await server.send(request)
      #expect(answer.field("access-control-allow-origin") == nil)
    }
  }
}
