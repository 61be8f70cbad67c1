// Introspection: what a client is told, by whom it is asked, and that the end of a session is told at once.

import Foundation
import Testing

@Suite struct IntrospectionTests {
  private static let inactive: JSON = ["active": false]

  @Test func everyClaimOfAnAccessTokenIsTold() async throws {
    try await withServer { server in
      try await server.addUser("ada", ["--role", "editor", "--email", "ada@example.com"])
      let api = try await server.addResourceServer("orders")
      let options = ["--scope", "a", "--claim", "username=username"]
      try await server.addClient("shop", options)
      try await server.addClient("opaque", options + ["--token-form", "reference"])
      for client in ["shop", "opaque"] {
        let tokens = try Tokens(
          await server.post(
            "/v1/login",
            ["username": "ada", "password": .string(goodPassword), "client_id": .string(client), "scope": "a"]))
        let told = try await server.introspect(tokens.access, by: api)
        #expect(told["active"] == true && told["token_type"] == "Bearer" && told["client_id"]?.string == client)
        #expect(told["scope"] == "a" && told["roles"] == ["editor"] && told["username"] == "ada")
        #expect(told["sid"]?.string == tokens.session && told["iss"]?.string == server.issuer)
        #expect(told["aud"] == ["api", .string(server.issuer)])
        if client == "shop" {
          var expected = try tokens.claims.object ?? [:]
          expected["active"] = true
          expected["token_type"] = "Bearer"
          #expect(told == .object(expected))
        } else {
          #expect(tokens.access.hasPrefix("sga_"))
          #expect(try await server.isGood(tokens.access))
          #expect(try await server.send(.bearer("GET", "/v1/verify", tokens.access)).status == 200)
        }
        // A hint decides nothing.
        for hint in ["access_token", "refresh_token", "x"] {
          let form = "token=\(tokens.access)&token_type_hint=\(hint)"
          #expect(try await server.ask("/oauth2/introspect", form, by: api).json == told)
        }
      }
    }
  }

  @Test func onlyTokensOfItsAudiences() async throws {
    try await withServer { server in
      try await server.addUser()
      let usual = try await server.addResourceServer("usual")
      let other = try await server.addResourceServer("other", ["--audience", "x", "--audience", "https://y.example/"])
      try await server.addClient("shop", ["--audience", "https://y.example/"])
      for (client, seer, blind) in [("signet", usual, other), ("shop", other, usual)] {
        let tokens = try await server.login(client: client)
        for token in [tokens.access, tokens.refresh] {
          #expect(try await server.introspect(token, by: seer)["active"] == true)
          let answer = try await server.ask("/oauth2/introspect", "token=\(token)", by: blind)
          #expect(answer.text == #"{"active":false}"#)
        }
      }
    }
  }

  /// A refresh token is only looked at: a spent one is inactive, and no reuse.
  @Test func refreshTokens() async throws {
    try await withServer { server in
      let id = try await server.addUser()
      let api = try await server.addResourceServer("orders")
      let first = try await server.login()
      let told = try await server.introspect(first.refresh, by: api)
      #expect(told["active"] == true && told["token_type"] == "N_A" && told["sub"]?.string == id)
      #expect(told["client_id"] == "signet" && told["sid"]?.string == first.session && told["aud"] == "api")
      let third = try await server.rotate(first, times: 2)
      #expect(try await server.introspect(first.refresh, by: api) == Self.inactive)
      #expect(try await server.introspect(third.refresh, by: api)["active"] == true)
      _ = try await server.refresh(third.refresh)
      #expect(try await server.audit().contains { $0["event"] == "reuse" } == false)
      _ = try await server.post("/v1/logout", ["refresh_token": .string(third.refresh)])
      for token in [third.refresh, third.access, first.access] {
        #expect(try await server.introspect(token, by: api) == Self.inactive)
      }
      let left = try await server.login()
      try await server.done(["user", "disable", "ada"])
      try await eventually("the user's tokens are inactive") {
        let told = [
          try await server.introspect(left.access, by: api), try await server.introspect(left.refresh, by: api),
        ]
        return told.allSatisfy { $0 == Self.inactive }
      }
    }
  }

  @Test func whoAsksWithoutProof() async throws {
    try await withServer { server in
      try await server.addUser()
      let api = try await server.addResourceServer("orders")
      let token = try await server.login().access
      let wrong = Confidential(id: "orders", secret: api.secret.lowercased() + "x")
      for (form, client) in [
        ("token=\(token)", nil), ("token=\(token)&client_id=signet", nil), ("token=\(token)&client_id=orders", nil),
        ("token=\(token)", wrong), ("token=\(token)", Confidential(id: "signet", secret: "")),
        ("token=\(token)", Confidential(id: "nobody", secret: api.secret)),
      ] as [(String, Confidential?)] {
        let answer = try await server.ask("/oauth2/introspect", form, by: client)
        #expect(answer.status == 401 && answer.error == "invalid_client", "\(answer)")
        #expect(answer.field("www-authenticate") == #"Basic realm="signet""#)
      }
      #expect(try await server.send(.bearer("POST", "/oauth2/introspect", token)).status != 200)
      for form in ["", "token=", "token=a&token=b"] {
        let answer = try await server.ask("/oauth2/introspect", form, by: api)
        #expect(answer.status == 400 && answer.error == "invalid_request", "\(form): \(answer)")
      }
      var json = Request.json("/oauth2/introspect", ["token": .string(token)])
      json.fields.append(api.basic)
      #expect(try await server.send(json).status == 415)
      #expect(try await server.get("/oauth2/introspect?token=\(token)").status == 405)
      for bad in ["x", "sga_AAAA", "sgr_AAAA", "a.b.c", "a.b.c.d.e", String(token.dropLast()), "%00", "..", "%20"] {
        let answer = try await server.ask("/oauth2/introspect", "token=\(bad)", by: api)
        #expect(answer.text == #"{"active":false}"#, "\(bad)")
      }
    }
  }

  /// RFC 9701, read by an independent library; and no endpoint takes the answer for an access token.
  @Test(.needsPython) func theSignedAnswer() async throws {
    try await withServer { server in
      try await server.addUser()
      let api = try await server.addResourceServer("orders")
      let tokens = try await server.login()
      for (token, isActive) in [(tokens.access, "True"), (tokens.refresh, "True"), ("x", "False")] {
        let answer = try await server.ask(
          "/oauth2/introspect", "token=\(token)", by: api, accept: "application/token-introspection+jwt")
        #expect(answer.status == 200)
        #expect(answer.field("content-type") == "application/token-introspection+jwt")
        let output = try await server.python(Self.signedScript, [server.issuer, answer.text, "orders", token])
        #expect(output.contains("active=\(isActive)"))
        #expect(try await server.send(.bearer("GET", "/v1/verify", answer.text)).status == 401)
        #expect(try await server.isGood(answer.text) == false)
        #expect(try await server.introspect(answer.text, by: api) == Self.inactive)
      }
      for (accept, type) in [
        ("*/*", "application/json"), ("application/json", "application/json"), ("", "application/json"),
        ("application/token-introspection+jwt;q=0", "application/json"),
        ("application/json, application/token-introspection+jwt;q=0.5", "application/json"),
        ("Application/Token-Introspection+JWT ; q=0.9, application/json;q=0.5", "application/token-introspection+jwt"),
      ] {
        let answer = try await server.ask("/oauth2/introspect", "token=x", by: api, accept: accept)
        #expect(answer.field("content-type") == type, "\(accept)")
      }
    }
  }

  private static let signedScript = """
    import sys, time
    import requests
    from joserfc import jwt
    from joserfc.jwk import KeySet
    issuer, text, client, token = sys.argv[1:]
    metadata = requests.get(issuer + "/.well-known/oauth-authorization-server", timeout=10).json()
    keys = KeySet.import_key_set(requests.get(metadata["jwks_uri"], timeout=10).json())
    answer = jwt.decode(text, keys, algorithms=metadata["introspection_signing_alg_values_supported"])
    assert answer.header["typ"] == "token-introspection+jwt", answer.header
    claims = answer.claims
    assert set(claims) == {"iss", "aud", "iat", "token_introspection"}, claims
    assert claims["iss"] == issuer and claims["aud"] == client and abs(claims["iat"] - time.time()) < 60
    print("active=%s" % claims["token_introspection"]["active"])
    """

  /// What its client's key has made is told to that client, who could have made it, and vouched for to nobody.
  @Test func tokensOfAClientsOwnKey() async throws {
    try await withServer { server in
      let own = try await server.addResourceServer("own", ["--mac-key", "generate", "--algorithm", "HS256"])
      let other = try await server.addResourceServer("other")
      let token = try await server.token(for: own)
      #expect(try await server.introspect(token, by: own)["client_id"] == "own")
      #expect(try await server.introspect(token, by: other) == Self.inactive)
      let signed = try await server.ask(
        "/oauth2/introspect", "token=\(token)", by: own, accept: "application/token-introspection+jwt")
      let payload = signed.text.split(separator: ".").dropFirst().first.flatMap { base64URLBytes($0) } ?? []
      #expect(try JSON(String(decoding: payload, as: UTF8.self))["token_introspection"] == Self.inactive)
      let revoked = try await server.ask("/oauth2/revoke", "token=\(token)", by: own)
      #expect(revoked.status == 400 && revoked.error == "unsupported_token_type")
      #expect(try await server.introspect(token, by: own)["active"] == true)
      #expect(try await server.ask("/oauth2/revoke", "token=\(token)", by: other).status == 200)
    }
  }

  /// A client may write what it likes with its own key: nothing of it stops the server.
  @Test(.needsPython) func timesBeyondAllTime() async throws {
    try await withServer { server in
      let added = try await server.addConfidential("own", ["--mac-key", "generate", "--algorithm", "HS256"])
      let own = Confidential(id: "own", secret: try #require(added["client_secret"]?.string))
      let key = try #require(added["mac_key"]?["k"]?.string)
      let token = try await server.token(for: own)
      for exp in ["9223372036854775807", "9223372036854775", "1e300", "-1", "253402300800"] {
        let forged = try await server.python(Self.resigning, [token, key, exp])
        let told = try await server.introspect(forged.trimmingCharacters(in: .newlines), by: own)
        #expect(told == Self.inactive, "exp \(exp)")
      }
    }
  }

  private static let resigning = """
    import base64, hashlib, hmac, json, sys
    token, key, exp = sys.argv[1:]
    decode = lambda text: base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    encode = lambda data: base64.urlsafe_b64encode(data).rstrip(b"=").decode()
    head, payload, _ = token.split(".")
    claims = json.loads(decode(payload))
    claims["exp"] = 0
    body = encode(json.dumps(claims).replace('"exp": 0', '"exp": ' + exp).encode())
    mac = hmac.new(decode(key), (head + "." + body).encode(), hashlib.sha256).digest()
    print(head + "." + body + "." + encode(mac))
    """

  /// What a client got for itself ends with it.
  @Test func tokensOfADeletedClient() async throws {
    try await withServer { server in
      let (gone, other) = (try await server.addResourceServer("gone"), try await server.addResourceServer("other"))
      let token = try await server.token(for: gone)
      #expect(try await server.introspect(token, by: other)["active"] == true)
      try await server.done(["client", "delete", "gone"])
      try await eventually("the token is refused") { try await server.introspect(token, by: other) == Self.inactive }
    }
  }

  /// Once a logout has been answered nobody is told of its tokens, on any loop, whatever was asked at the same time.
  @Test func racingALogout() async throws {
    try await withServer(["server.loops=2"]) { server in
      try await server.addUser()
      let api = try await server.addResourceServer("orders")
      for _ in 0..<10 {
        let tokens = try await server.login()
        #expect(try await server.introspect(tokens.access, by: api)["active"] == true)
        try await withThrowingTaskGroup(of: Void.self) { group in
          group.addTask {
            let answer = try await server.post("/v1/logout", ["refresh_token": .string(tokens.refresh)])
            #expect(answer.status == 204)
            for _ in 0..<4 {
              for token in [tokens.access, tokens.refresh] {
                #expect(try await server.introspect(token, by: api) == Self.inactive)
              }
              #expect(try await server.send(.bearer("GET", "/v1/verify", tokens.access)).status == 401)
            }
          }
          for _ in 0..<6 {
            group.addTask {
              var wasInactive = false
              for _ in 0..<8 {
                let isActive = try await server.introspect(tokens.access, by: api)["active"] == true
                #expect(!(wasInactive && isActive))
                wasInactive = !isActive
              }
            }
          }
          try await group.waitForAll()
        }
      }
    }
  }
}
