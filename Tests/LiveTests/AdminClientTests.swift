// The admin API's clients, and who may use it: the folder's owner on this machine, and administrators.

import Foundation
import Testing

@Suite struct AdminClientTests {
  @Test func clientsAreAddedChangedAndDeleted() async throws {
    try await withServer { server in
      let administrator = try server.administrator
      let body = #"{"client_id":"shop","name":"Shop","kind":"confidential","scopes":["read"],"access_ttl":60}"#
      let added = try await administrator.send("POST", "", text: body)
      #expect(added.status == 201 && added.field("location") == "/admin/v1/clients/shop")
      #expect(added.field("cache-control") == "no-store")
      let secret = try #require(try added.json["client_secret"]?.string)
      #expect(
        try added.json["authentication"] == "client_secret_basic" && added.json["grants"] == ["client_credentials"])
      // Heeded by every loop once the answer is there: no waiting here.
      for _ in 0..<8 { #expect(try await server.serviceToken("shop", secret).json["expires_in"] == 60) }
      let twice = try await administrator.send("POST", "", text: body)
      #expect(twice.status == 409 && twice.error == "conflict")
      let listed = try await administrator.send("GET", "").json["clients"]?.array ?? []
      #expect(listed.compactMap { $0["client_id"]?.string } == ["signet", "shop"])
      let shown = try await administrator.send("GET", "/shop")
      #expect(try shown.json == listed.last && !shown.text.contains("secret\":\""))
      let changed = try await administrator.send("PATCH", "/shop", text: #"{"access_ttl":null,"name":"New"}"#)
      #expect(try changed.status == 200 && changed.json["access_ttl"] == .null && changed.json["name"] == "New")
      #expect(try changed.json["scopes"] == ["read"] && changed.json["client_secret"] == nil)
      for _ in 0..<8 { #expect(try await server.serviceToken("shop", secret).json["expires_in"] == 600) }
      let rotated = try await administrator.send("POST", "/shop/rotate-secret", text: #"{"keep":0}"#)
      let next = try #require(try rotated.json["client_secret"]?.string)
      for _ in 0..<8 {
        #expect(try await server.serviceToken("shop", secret).status == 401)
        #expect(try await server.serviceToken("shop", next).status == 200)
      }
      #expect(try await administrator.send("DELETE", "/shop").status == 204)
      for _ in 0..<8 { #expect(try await server.serviceToken("shop", next).error == "invalid_client") }
      for (method, path) in [
        ("GET", "/shop"), ("PATCH", "/shop"), ("DELETE", "/shop"), ("POST", "/shop/rotate-secret"),
      ] {
        let answer = try await administrator.send(method, path, text: method == "GET" ? nil : "{}")
        #expect(answer.status == 404 && answer.error == "not_found")
      }
      let events = try await server.audit().filter { $0["client"] == "shop" || $0["client_id"] == "shop" }
      #expect(events.allSatisfy { $0["actor"] == "local" } && events.count == 4)
    }
  }

  @Test func whatIsMalformedIsRefused() async throws {
    try await withServer { server in
      let administrator = try server.administrator
      for (method, path, text, word) in [
        ("POST", "", "{}", "name"), ("POST", "", #"{"name":""}"#, "name"), ("POST", "", #"{"name":1}"#, "name"),
        ("POST", "", #"{"name":"a","client_id":"a b"}"#, "client_id"),
        ("POST", "", #"{"name":"a","client_id":1}"#, "client_id"),
        ("POST", "", #"{"name":"a","client_secret":"mine"}"#, "client_secret"),
        ("POST", "", #"{"name":"a","mac_key":"x"}"#, "mac_key"),
        ("POST", "", #"{"name":"a","name":"b"}"#, "JSON"), ("POST", "", "[]", "JSON"), ("POST", "", "x", "JSON"),
        ("PATCH", "/signet", #"{"client_id":"b"}"#, "client_id"),
        ("PATCH", "/signet", #"{"kind":"confidential"}"#, "kind"),
        ("PATCH", "/signet", #"{"nmae":"x"}"#, "nmae"), ("PATCH", "/signet", #"{"grants":"password"}"#, "grants"),
        ("PATCH", "/signet", #"{"require_dpop":"yes"}"#, "require_dpop"),
        ("POST", "/signet/rotate-secret", "{}", "authentication"),
        ("POST", "/signet/rotate-secret", #"{"keep":"1d"}"#, "keep"),
        ("POST", "/signet/rotate-secret", #"{"keep":9223372036854775807}"#, "keep"),
      ] {
        let answer = try await administrator.send(method, path, text: text)
        #expect(answer.status == 400 && answer.error == "invalid_request", "\(text): \(answer)")
        #expect(answer.text.contains(word), "\(text): \(answer)")
      }
      #expect(try await administrator.send("DELETE", "/signet").error == "forbidden")
      #expect(try await administrator.send("PUT", "/signet", text: "{}").status == 405)
      #expect(try await administrator.send("GET", "").json["clients"]?.array?.count == 1)
    }
  }

  @Test func onlyAdministratorsMayUseIt() async throws {
    try await withServer { server in
      let file = server.data + "/admin.token"
      let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
      #expect(mode == 0o600)
      let administrator = try server.administrator
      #expect(base64URLBytes(administrator.token)?.count == 32)
      func status(_ fields: [(name: String, value: String)], port: Int? = nil) async throws -> Answer {
        try await server.send(Request("GET", "/admin/v1/clients", fields), port: port ?? server.operators)
      }
      let missing = try await status([])
      #expect(missing.status == 401 && missing.field("www-authenticate") == #"Bearer realm="signet""#)
      for wrong in ["x", administrator.token + "A", String(administrator.token.dropLast()), ""] {
        let answer = try await status([("Authorization", "Bearer \(wrong)")])
        #expect(answer.status == 401 && answer.error == "invalid_token", "\(answer)")
      }
      // Not there for clients, nor for pages.
      #expect(try await status([("Authorization", "Bearer \(administrator.token)")], port: server.port).status == 404)
      let page = try await status([("Authorization", "Bearer \(administrator.token)"), ("Origin", "http://localhost")])
      #expect(page.status == 403)
      // Another start, another token.
      let again = try await server.restart()
      let refused = try await TestAdministrator(server: again, token: administrator.token).send("GET", "")
      #expect(refused.status == 401)
      #expect(try await again.administrator.send("GET", "").status == 200)
      await again.child.destroy()
    }
  }

  @Test func anAdministratorsTokenIsForThatAlone() async throws {
    try await withServer { server in
      try await server.addUser("ada", ["--role", "signet:admin"])
      try await server.addUser("bob", ["--role", "admin"])
      let audience = server.issuer + "/admin"
      func login(_ name: String, _ audience: String?) async throws -> Answer {
        var body: [String: JSON] = ["username": .string(name), "password": .string(goodPassword)]
        if let audience { body["audience"] = .string(audience) }
        return try await server.post("/v1/login", .object(body))
      }
      let tokens = try Tokens(try await login("ada", audience))
      #expect(try tokens.claims["aud"]?.string == audience && tokens.json["expires_in"] == 300)
      let ada = TestAdministrator(server: server, token: tokens.access)
      #expect(try await ada.send("GET", "").status == 200)
      #expect(try await ada.send("POST", "", text: #"{"name":"Shop","client_id":"shop"}"#).status == 201)
      let audit = try #require(try await server.audit().last)
      #expect(audit["event"] == "client_added" && audit["actor"]?.string?.hasPrefix("admin ") == true)
      // No service's token, nor the account's, and this one is for nothing else.
      #expect(try await server.get("/v1/me", bearer: tokens.access).status == 401)
      let usual = try Tokens(try await login("ada", nil))
      let refused = try await TestAdministrator(server: server, token: usual.access).send("GET", "")
      #expect(refused.status == 401 && refused.error == "invalid_token")
      #expect(try await login("bob", audience).error == "invalid_target")
      // Refreshing gives another for the same.
      let next = try await server.refresh(tokens.refresh)
      #expect(try next.claims["aud"]?.string == audience && next.json["expires_in"] == 300)
      // What is true now counts: the session has ended, the role was taken.
      try await server.sql("UPDATE user SET roles = '[]' WHERE username_key = 'ada'")
      let now = try await TestAdministrator(server: server, token: next.access).send("GET", "")
      #expect(now.status == 403 && now.error == "insufficient_scope")
      #expect(now.field("www-authenticate")?.contains(#"error="insufficient_scope""#) == true)
      _ = try await server.post("/v1/logout", ["refresh_token": .string(next.refresh)])
      #expect(try await TestAdministrator(server: server, token: next.access).send("GET", "").status == 401)
    }
  }
}
