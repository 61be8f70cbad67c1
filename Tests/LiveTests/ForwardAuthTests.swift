// /v1/verify, as gateways ask it.

import Foundation
import Testing

@Suite struct ForwardAuthTests {
  private func ask(
    _ server: LiveServer, _ token: String?, query: String = "", method: String = "GET"
  ) async throws -> Answer {
    let fields = token.map { [(name: "Authorization", value: "Bearer \($0)")] } ?? []
    return try await server.send(Request(method, "/v1/verify" + query, fields))
  }

  @Test func theClaimsStandInFields() async throws {
    try await withServer(["token.audience=https://api.example.com/a,b"]) { server in
      let id = try await server.addUser("ada", ["--role", "editor", "--role", "billing:read"])
      try await server.addClient("shop", ["--scope", "a:b", "--scope", "c~d"])
      let login = try await server.post(
        "/v1/login",
        ["username": "ada", "password": .string(goodPassword), "client_id": "shop", "scope": "c~d a:b"])
      let tokens = try Tokens(login)
      for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] {
        let answer = try await ask(server, tokens.access, method: method)
        #expect(answer.status == 200 && answer.body.isEmpty)
        #expect(answer.field("cache-control") == "no-store")
        let claims = try tokens.claims
        let expected = [
          "sub": id, "client-id": "shop", "sid": tokens.session, "scope": "a%3Ab,c~d", "roles": "editor,billing%3Aread",
          "exp": claims["exp"]?.text, "jti": claims["jti"]?.string,
          "aud": "https%3A%2F%2Fapi.example.com%2Fa%2Cb,http%3A%2F%2F127.0.0.1%3A\(server.port)",
        ]
        for (name, value) in expected { #expect(answer.field("x-signet-\(name)") == value, "\(method) \(name)") }
      }
      // Fields that say nothing stand there all the same.
      let plain = try await ask(server, try await server.login().access)
      #expect(plain.field("x-signet-scope") == "" && plain.field("x-signet-client-id") == "signet")
      #expect(try await ask(server, tokens.access, method: "OPTIONS").field("x-signet-sub") == nil)
    }
  }

  @Test func onlyForTheAudienceAskedAbout() async throws {
    try await withServer { server in
      try await server.addUser()
      try await server.addClient("shop", ["--audience", "https://shop.example.com/"])
      let api = try await server.login().access
      let shop = try await server.login(client: "shop").access
      let there = "?audience=https%3A%2F%2Fshop.example.com/"
      for _ in 0..<2 {
        #expect(try await ask(server, api).status == 200)
        #expect(try await ask(server, api, query: "?audience=api").status == 200)
        #expect(try await ask(server, shop, query: there).status == 200)
        for refused in [
          try await ask(server, shop), try await ask(server, api, query: there),
          try await ask(server, shop, query: "?audience=https://shop.example.com"),
          try await ask(server, api, query: "?audience=API"), try await ask(server, api, query: "?audience=ap"),
        ] {
          #expect(refused.status == 401 && refused.error == "invalid_token")
          #expect(refused.field("www-authenticate") == #"Bearer realm="signet", error="invalid_token""#)
          #expect(refused.fields.contains { $0.name.hasPrefix("x-signet-") } == false)
        }
      }
      // What a gateway's client adds to its address is not heeded, it is refused.
      for query in ["?audience=", "?audience", "?audience=api&audience=api", "?x=1&audience=api&aud%69ence=x"] {
        let answer = try await ask(server, api, query: query)
        #expect(answer.status == 400 && answer.error == "invalid_request", "\(query)")
      }
      #expect(try await ask(server, api, query: "?other=1&audience=api").status == 200)
    }
  }

  @Test func anEndedSessionIsRefusedAtOnce() async throws {
    try await withServer { server in
      try await server.addUser()
      for all in [false, true] {
        let (tokens, other) = (try await server.login(), try await server.login())
        #expect(try await ask(server, tokens.access).status == 200)
        _ = try await server.post("/v1/logout", ["refresh_token": .string(tokens.refresh), "all": .bool(all)])
        let refused = try await ask(server, tokens.access)
        #expect(refused.status == 401 && refused.error == "invalid_token")
        #expect(try await ask(server, other.access).status == (all ? 401 : 200))
      }
      let tokens = try await server.login()
      let changed = try await server.post(
        "/v1/password",
        ["current_password": .string(goodPassword), "new_password": "another good password"], bearer: tokens.access)
      #expect(try await ask(server, tokens.access).status == 401)
      #expect(try await ask(server, try Tokens(changed).access).status == 200)
    }
  }

  @Test func whatIsNoGoodBearerToken() async throws {
    try await withServer { server in
      try await server.addUser()
      let tokens = try await server.login()
      let bare = try await ask(server, nil)
      #expect(bare.status == 401 && bare.field("www-authenticate") == #"Bearer realm="signet""#)
      #expect(bare.field("cache-control") == "no-store")
      for (field, status) in [
        ("Basic YTpi", 401), ("Bearer", 401), ("Bearer ", 401), ("", 401), ("DPoP \(tokens.access)", 401),
        ("Bearer  \(tokens.access)", 401), ("Bearer \(tokens.access) ", 200), ("bEaReR \(tokens.access)", 200),
        ("Bearer \(tokens.access), Bearer \(tokens.access)", 401), ("Bearer \(tokens.refresh)", 401),
        ("Bearer \(tokens.access.dropLast())", 401), ("Bearer sga_AAAA", 401),
        ("Bearer " + String(repeating: "A", count: 4000), 401),
      ] {
        let answer = try await server.send(Request("GET", "/v1/verify", [("Authorization", field)]))
        #expect(answer.status == status, "\(field.prefix(60)): \(answer)")
      }
      let twice = [("Authorization", "Bearer \(tokens.access)"), ("Authorization", "Bearer \(tokens.access)")]
      #expect(try await server.send(Request("GET", "/v1/verify", twice)).status == 400)
      #expect(try await server.send(Request("GET", "/v1/verify/x")).status == 404)
    }
  }
}
