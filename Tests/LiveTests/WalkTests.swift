// Log in, refresh, look, log out: each member of the answers and each claim, as the contract lists them.

import Foundation
import Testing

@Suite struct WalkTests {
  @Test func theWholeWalk() async throws {
    try await withServer { server in
      let id = try await server.addUser("ada", ["--email", "ada@example.com", "--role", "editor"])
      let answer = try await server.post(
        "/v1/login",
        ["username": "ADA", "password": .string(goodPassword), "device": "laptop", "unknown": [1, ["x": 2]]])
      let first = try Tokens(answer)
      #expect(answer.field("cache-control") == "no-store")
      #expect(answer.field("content-type") == "application/json")
      #expect(first.json["device_token"]?.string?.hasPrefix("sgd_") == true)
      checkAnswer(first)
      try checkClaims(first, user: id, server)

      let second = try await server.refresh(first.refresh)
      checkAnswer(second)
      try checkClaims(second, user: id, server)
      #expect(second.json["device_token"] == nil)
      #expect(second.session == first.session)
      #expect(second.refresh != first.refresh)
      #expect(try second.claims["jti"] != first.claims["jti"])
      #expect(try second.claims["auth_time"] == first.claims["auth_time"])

      let me = try await server.get("/v1/me", bearer: second.access).json
      #expect(me["id"]?.string == id)
      #expect(me["username"] == "ada")
      #expect(me["email"] == "ada@example.com")
      #expect(me["email_verified"] == true)
      #expect(me["roles"] == ["editor"])
      #expect(me["created_at"]?.string?.hasSuffix("Z") == true)

      let gone = try await server.send(.json("/v1/logout", ["refresh_token": .string(second.refresh)]))
      #expect(gone.status == 204)
      #expect(gone.body.isEmpty)
      #expect(try await server.tryRefresh(second.refresh).status == 401)
      #expect(try await server.isGood(second.access) == false)
    }
  }

  @Test func aConfirmedAddressLogsInAndAnUnconfirmedDoesNot() async throws {
    try await withServer { server in
      try await server.addUser("ada", ["--email", "ada@example.com"])
      try await server.addUser("bob", ["--email", "bob@example.com", "--email-unverified"])
      _ = try await server.login("Ada@Example.com")
      #expect(try await server.tryLogin("bob@example.com").status == 401)
      let bob = try await server.login("bob")
      #expect(try await server.get("/v1/me", bearer: bob.access).json["email_verified"] == false)
    }
  }

  /// RFC 6749 section 6, by a client that speaks OAuth alone.
  @Test func theTokenEndpointRefreshesToo() async throws {
    try await withServer { server in
      try await server.addUser()
      let first = try await server.login()
      let answer = try await server.send(
        .form("/oauth2/token", "grant_type=refresh_token&client_id=signet&refresh_token=\(first.refresh)"))
      let second = try Tokens(answer)
      checkAnswer(second)
      #expect(answer.field("cache-control") == "no-store")
      let third = try await server.refresh(second.refresh)
      #expect(third.session == first.session)

      let spent = try await server.send(
        .form("/oauth2/token", "grant_type=refresh_token&refresh_token=\(first.refresh)"))
      #expect(spent.status == 400)
      #expect(spent.error == "invalid_grant")
      let other = try await server.send(.form("/oauth2/token", "grant_type=password&username=ada&password=x"))
      #expect(other.status == 400)
      #expect(other.error == "unsupported_grant_type")
      var secret = Request.form("/oauth2/token", "grant_type=refresh_token&refresh_token=\(third.refresh)")
      secret.fields.append(("Authorization", "Basic c2lnbmV0Ong="))
      let refused = try await server.send(secret)
      #expect(refused.status == 401)
      #expect(refused.error == "invalid_client")
      #expect(refused.field("www-authenticate")?.hasPrefix("Basic") == true)
    }
  }

  @Test func theNextTokenTellsWhatIsTrueNow() async throws {
    try await withServer { server in
      try await server.addUser()
      let first = try await server.login()
      #expect(try first.claims["roles"] == nil)
      #expect(try first.claims["scope"] == nil)
      #expect(first.json["scope"] == "")
      let second = try await server.refresh(first.refresh)
      // No command changes roles yet.
      try await server.sql(#"UPDATE user SET roles = '["editor"]', claims_version = claims_version + 1"#)
      let again = try await server.refresh(first.refresh)
      #expect(again.refresh == second.refresh)
      #expect(try again.claims["roles"] == ["editor"])
      #expect(try again.claims["jti"] != second.claims["jti"])
      #expect(try await server.refresh(again.refresh).claims["roles"] == ["editor"])
    }
  }

  private func checkAnswer(_ tokens: Tokens) {
    #expect(tokens.json["token_type"] == "Bearer")
    #expect((595...600).contains(tokens.json["expires_in"]?.integer ?? 0))
    let idle = 14 * 86_400
    #expect((idle - 5...idle).contains(tokens.json["refresh_expires_in"]?.integer ?? 0))
    #expect(tokens.refresh.hasPrefix("sgr_"))
    #expect(tokens.refresh.utf8.count == 60)
    #expect(UUID(uuidString: tokens.session) != nil)
  }

  /// RFC 9068 section 2, as the contract narrows it.
  private func checkClaims(_ tokens: Tokens, user: String, _ server: LiveServer) throws {
    let (header, claims) = (try tokens.header, try tokens.claims)
    #expect(Set(header.object.map { $0.keys.sorted() } ?? []) == ["alg", "kid", "typ"])
    #expect(header["typ"] == "at+jwt")
    #expect(header["alg"] == "ES256")
    let names = ["amr", "aud", "auth_time", "client_id", "exp", "iat", "iss", "jti", "roles", "sid", "sub"]
    #expect(claims.object?.keys.sorted() == names)
    #expect(claims["iss"]?.string == server.issuer)
    #expect(claims["sub"]?.string == user)
    // UUIDv4.
    #expect(user.split(separator: "-")[2].hasPrefix("4"))
    #expect(claims["aud"] == ["api", .string(server.issuer)])
    #expect(claims["client_id"] == "signet")
    #expect(claims["sid"]?.string == tokens.session)
    #expect(claims["amr"] == ["pwd"])
    #expect(claims["roles"] == ["editor"])
    let issued = try #require(claims["iat"]?.integer)
    #expect(claims["exp"]?.integer == issued + 600)
    #expect(abs(issued - Int(Date().timeIntervalSince1970)) < 60)
    #expect((claims["auth_time"]?.integer ?? .max) <= issued)
  }
}
