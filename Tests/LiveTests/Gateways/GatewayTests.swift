// The examples of config/examples, each in its real program before a backend: good tokens pass with their claims, nothing else
// does, and no field of a client's is taken for the gateway's.

import Foundation
import Testing

@Suite struct GatewayTests {
  @Test(arguments: Gateway.Kind.allCases) func goodTokensPassWithTheirClaims(_ kind: Gateway.Kind) async throws {
    try await withGateway(kind) { gateway in
      let tokens = try await gateway.server.login()
      let plain = try Reached(try await gateway.ask(tokens.access))
      try expectClaims(of: tokens, in: plain, kind)
      #expect(plain.description.hasPrefix("GET /orders?page=2 "), "\(plain)")
      #expect(plain.field("authorization") == nil, "the token got through: \(plain)")

      // What a client says of itself.
      let names = ["Sub", "Client-Id", "Sid", "Scope", "Roles", "Exp", "Jti", "Aud", "Claims"]
      let forged = names.flatMap { [("X-Signet-\($0)", "forged"), ("x-signet-\($0.lowercased())", "forged too")] }
      let reached = try Reached(try await gateway.ask(tokens.access, forged))
      try expectClaims(of: tokens, in: reached, kind)
      #expect(!reached.description.contains("forged"), "\(reached)")
      try await expectNoUnderscores(gateway, tokens)

      let before = gateway.backend.count
      let without = try await gateway.ask(nil, forged)
      #expect(without.status == 401 && without.field("www-authenticate")?.hasPrefix("Bearer") == true, "\(without)")
      // Two tokens, of which one is good.
      for pair in [(tokens.access, "x"), ("x", tokens.access)] {
        let answer = try await gateway.ask(pair.0, [("Authorization", "Bearer \(pair.1)")])
        #expect([400, 401].contains(answer.status), "\(answer)")
      }
      #expect(gateway.backend.count == before)
    }
  }

  @Test(arguments: Gateway.Kind.allCases) func badTokensDoNotPass(_ kind: Gateway.Kind) async throws {
    try await withGateway(kind) { gateway in
      let forger = try await Forger.taking(from: gateway.server)
      #expect(try await gateway.takes(try await forger.token(["note": "as good as Signet's"])))
      let before = gateway.backend.count
      for (what, token) in try await forger.badTokens() {
        let answer = try await gateway.ask(token)
        #expect(answer.status == 401, "\(what): \(answer)")
        #expect(answer.field("www-authenticate")?.hasPrefix("Bearer") == true, "\(what): \(answer)")
      }
      #expect(gateway.backend.count == before)
      #expect(try await gateway.takes(forger.good.access))
    }
  }

  /// A line break in a claim is no way to write a field.
  @Test(arguments: Gateway.Kind.allCases) func claimsDoNotBecomeFields(_ kind: Gateway.Kind) async throws {
    try await withGateway(kind) { gateway in
      let forger = try await Forger.taking(from: gateway.server)
      let token = try await forger.token(["scope": "a\r\nX-Signet-Roles: root\r\nX-Injected: yes"])
      let answer = try await gateway.ask(token)
      if answer.status == 200 {
        let reached = try Reached(answer)
        #expect(reached.field("x-injected") == nil && reached.field("x-signet-roles") != "root", "\(reached)")
        try expectClaims(of: forger.good, in: reached, kind, whole: false)
      }
      #expect(try await gateway.takes(forger.good.access))
    }
  }

  /// Also one that was good a moment ago and that the gateway has seen. Envoy forgives clocks five seconds.
  @Test(arguments: Gateway.Kind.allCases) func aTokenEndsInTime(_ kind: Gateway.Kind) async throws {
    try await withGateway(kind) { gateway in
      let forger = try await Forger.taking(from: gateway.server)
      let token = try await eventually("a short-lived token passes") {
        let exp = JSON.integer(Int(Date().timeIntervalSince1970) + 4)
        let token = try await forger.token(["exp": exp])
        return try await gateway.takes(token) ? token : nil
      }
      try await eventually("it has expired", within: 60) { try await gateway.takes(token) == false }
      #expect(try await gateway.takes(forger.good.access))
    }
  }

  /// Who asks Signet hears of a logout at once; who verifies goes on while Signet is away. Nobody lets a stranger in.
  @Test(arguments: Gateway.Kind.allCases) func logoutAndAbsence(_ kind: Gateway.Kind) async throws {
    try await withGateway(kind) { gateway in
      let server = gateway.server
      let (tokens, other) = (try await server.login(), try await server.login())
      for each in [tokens, other] { #expect(try await gateway.takes(each.access)) }
      let body: JSON = ["refresh_token": .string(tokens.refresh)]
      #expect(try await server.post("/v1/logout", body).status == 204)
      #expect(try await gateway.ask(tokens.access).status == (kind.asks ? 401 : 200))
      #expect(try await gateway.takes(other.access))

      await server.child.destroy()
      let before = gateway.backend.count
      let answer = try await gateway.ask(other.access)
      if kind.asks {
        #expect((500...504).contains(answer.status) && gateway.backend.count == before, "\(answer)")
        #expect(kind != .nginx || (answer.status == 503 && answer.field("retry-after") == "5"))
      } else {
        #expect(answer.status == 200, "\(answer)")
      }
      #expect(try await gateway.ask(nil).status != 200)
    }
  }

  /// Keys come and go without a refusal of good tokens; a compromised one is gone as soon as the keys are fetched again,
  /// for which the tests wait one second rather than the examples' five minutes.
  @Test(arguments: Gateway.Kind.allCases) func keysRotate(_ kind: Gateway.Kind) async throws {
    let sooner: [Gateway.Kind: Change] = [
      .envoy: Change("cache_duration: 300s", "cache_duration: 1s"),
      .apache: Change("jwks_uri.expiry=300", "jwks_uri.expiry=1"),
    ]
    try await withGateway(kind, [sooner[kind]].compactMap { $0 }) { gateway in
      let server = gateway.server
      let first = try await server.login()
      #expect(try await gateway.takes(first.access))
      // The next key has been published all along, so everybody has it.
      try await server.done(["key", "rotate", "--now"])
      let second = try await server.login(signedByAnotherKeyThan: first)
      for tokens in [first, second] { #expect(try await gateway.takes(tokens.access)) }

      try await server.done(["key", "revoke", try second.kid, "--compromised"])
      let third = try await server.login(signedByAnotherKeyThan: second)
      try await eventually("the new key is known and the old one gone") {
        try await gateway.renewKeys()
        let (new, old) = (try await gateway.takes(third.access), try await gateway.takes(second.access))
        return new && !old
      }
      #expect(try await gateway.takes(first.access))
    }
  }

  /// Fields with underscores, which CGI and WSGI take for those with dashes. Traefik's example says that it can't.
  private func expectNoUnderscores(_ gateway: Gateway, _ tokens: Tokens) async throws {
    guard gateway.kind != .traefik else { return }
    for name in ["X_Signet_Sub", "x_signet-sub", "X-Signet_Sub", "X-SIGNET-CLIENT_ID", "X_SIGNET_ROLES"] {
      let answer = try await gateway.ask(tokens.access, [(name, "forged")])
      if answer.status == 400 { continue }
      let reached = try Reached(answer)
      #expect(!reached.description.contains("forged"), "\(name): \(reached)")
    }
  }

  /// The backend was told what the token says: all claims as one field, or one by one.
  private func expectClaims(of tokens: Tokens, in reached: Reached, _ kind: Gateway.Kind, whole: Bool = true) throws {
    let claims = try tokens.claims
    for (field, claim) in [("sub", "sub"), ("client-id", "client_id"), ("sid", "sid"), ("jti", "jti")] {
      #expect(reached.field("x-signet-\(field)") == claims[claim]?.string, "\(field): \(reached)")
    }
    #expect(reached.field("x-signet-exp").flatMap { Int($0) } == claims["exp"]?.integer, "\(reached)")
    if kind == .haproxy || kind == .envoy {
      guard whole else { return }
      let text = try #require(reached.field("x-signet-claims").flatMap { base64URLBytes($0) })
      #expect(try JSON(String(decoding: text, as: UTF8.self)) == claims)
    } else {
      #expect(reached.field("x-signet-roles") == (kind == .apache ? #"["editor"]"# : "editor"), "\(reached)")
    }
  }
}
