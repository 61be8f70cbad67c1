// Cookie mode as a browser's requests meet it: which pages, by which proofs, and what becomes of the cookie. In a browser
// itself: BrowserTests.

import Foundation
import Testing

private let app = "http://127.0.0.1:3000"
private let cookieName = "__Host-signet_refresh"

@Suite struct CookieModeTests {
  @Test func theRefreshTokenIsInTheCookieAlone() async throws {
    try await withPage { server in
      let login = try await server.logInByPage()
      #expect(login.answer.status == 200, "\(login.answer)")
      #expect(try login.answer.json["refresh_token"] == nil)
      #expect(try login.answer.json["refresh_expires_in"]?.integer != nil)
      let set = try #require(login.answer.field("set-cookie"))
      #expect(set.hasPrefix("\(cookieName)=sgr_"))
      for part in ["; Path=/", "; Secure", "; HttpOnly", "; SameSite=Strict", "; Max-Age="] {
        #expect(set.contains(part), "\(set)")
      }
      #expect(set.contains("Domain") == false)
      #expect(login.answer.field("access-control-allow-origin") == app)
      #expect(login.answer.field("access-control-allow-credentials") == "true")
      let next = try await server.send(.page("/v1/refresh", cookie: login.cookie))
      #expect(next.status == 200, "\(next)")
      #expect(try next.json["refresh_token"] == nil)
      let cookie = try #require(next.refreshCookie)
      #expect(cookie != login.cookie)
      let logout = try await server.send(.page("/v1/logout", cookie: cookie))
      #expect(logout.status == 204)
      #expect(logout.refreshCookie == "")
      #expect(logout.field("set-cookie")?.contains("Max-Age=0") == true)
      let refused = try await server.send(.page("/v1/refresh", cookie: cookie))
      #expect(refused.error == "invalid_grant")
      #expect(refused.refreshCookie == "")
      #expect(try await server.hasNoReuse())
    }
  }

  @Test(arguments: ["/v1/refresh", "/v1/logout"])
  func whoMayNot(_ path: String) async throws {
    try await withPage { server in
      let cookie = try await server.logInByPage().cookie
      let bad: [(Request, Int, String)] = [
        (.page(path, cookie: cookie, origin: nil), 403, "no Origin"),
        (.page(path, cookie: cookie, origin: "null"), 403, "null"),
        (.page(path, cookie: cookie, origin: "http://127.0.0.1:3001"), 403, "another port"),
        (.page(path, cookie: cookie, origin: "https://127.0.0.1:3000"), 403, "another scheme"),
        (.page(path, cookie: cookie, origin: app + "/"), 403, "no origin at all"),
        (.page(path, cookie: cookie, csrf: nil), 403, "no X-Signet-CSRF"),
        (.page(path, cookie: cookie, csrf: "0"), 403, "another X-Signet-CSRF"),
        (.page(path, cookie: "\(cookie); \(cookieName)=\(cookie)"), 400, "the cookie twice"),
        (.page(path, cookie: cookie, body: ["refresh_token": .string(cookie)]), 400, "cookie and body"),
      ]
      for (request, status, what) in bad {
        let answer = try await server.send(request)
        #expect(answer.status == status, "\(what): \(answer)")
        #expect(answer.error == (status == 403 ? "forbidden" : "invalid_request"), "\(what)")
        #expect(answer.field("set-cookie") == nil, "\(what)")
      }
      // None of it did anything.
      #expect(try await server.send(.page("/v1/refresh", cookie: cookie)).status == 200)
      #expect(try await server.hasNoReuse())
    }
  }

  @Test func loginNeedsAPageOfTheClient() async throws {
    try await withPage { server in
      for origin in [nil, "null", "http://127.0.0.1:3001"] {
        let answer = try await server.logInByPage(origin: origin).answer
        #expect(answer.status == 403 && answer.error == "forbidden", "\(answer)")
        #expect(answer.field("access-control-allow-origin") == nil)
        #expect(answer.field("set-cookie") == nil)
      }
      let bad = try await server.post(
        "/v1/login", ["username": "ada", "password": .string(goodPassword), "mode": "jar"])
      #expect(bad.status == 400 && bad.error == "invalid_request")
    }
  }

  @Test func aCookieOfAnotherClientStaysAndDoesNothing() async throws {
    try await withPage { server in
      try await server.done(
        ["client", "add", "other", "--id", "other", "--kind", "public", "--origin", "http://127.0.0.1:4000"])
      try await server.servesPages(of: "http://127.0.0.1:4000")
      let cookie = try await server.logInByPage().cookie
      for path in ["/v1/refresh", "/v1/logout"] {
        let answer = try await server.send(.page(path, cookie: cookie, origin: "http://127.0.0.1:4000"))
        #expect(answer.error == "invalid_grant", "\(answer)")
        #expect(answer.field("set-cookie") == nil)
      }
      #expect(try await server.send(.page("/v1/refresh", cookie: cookie)).status == 200)
      #expect(try await server.hasNoReuse())
    }
  }

  @Test func theBodyNeedsNoPage() async throws {
    try await withPage { server in
      let tokens = try await server.login()
      #expect(try await server.tryRefresh(tokens.refresh).field("set-cookie") == nil)
    }
  }

  @Test func aNewPasswordKeepsTheMode() async throws {
    try await withPage { server in
      let login = try await server.logInByPage()
      let access = try #require(try login.answer.json["access_token"]?.string)
      var request = Request.json(
        "/v1/password",
        ["current_password": .string(goodPassword), "new_password": "another good password", "mode": "cookie"],
        bearer: access)
      // Without the mode the cookie would fall behind its session.
      var careless = Request.json(
        "/v1/password", ["current_password": .string(goodPassword), "new_password": "another good password"],
        bearer: access)
      careless.fields.append(("Cookie", "\(cookieName)=\(login.cookie)"))
      #expect(try await server.send(careless).error == "invalid_request")
      request.fields.append(("Origin", app))
      let answer = try await server.send(request)
      #expect(answer.status == 200, "\(answer)")
      #expect(try answer.json["refresh_token"] == nil)
      let cookie = try #require(answer.refreshCookie)
      #expect(try await server.send(.page("/v1/refresh", cookie: cookie)).status == 200)
    }
  }

  @Test func preflightsAreForTheOriginsAlone() async throws {
    try await withPage { server in
      func preflight(_ origin: String) async throws -> Answer {
        try await server.send(
          Request(
            "OPTIONS", "/v1/refresh",
            [
              ("Origin", origin), ("Access-Control-Request-Method", "POST"),
              ("Access-Control-Request-Headers", "x-signet-csrf"),
            ]))
      }
      let good = try await preflight(app)
      #expect(good.field("access-control-allow-credentials") == "true")
      #expect(good.field("access-control-allow-headers")?.contains("X-Signet-CSRF") == true)
      #expect(try await preflight("http://127.0.0.1:3001").field("access-control-allow-origin") == nil)
      // Configured for reading, not for cookies.
      let reader = try await preflight("https://reader.example.com")
      #expect(reader.field("access-control-allow-origin") == "https://reader.example.com")
      #expect(reader.field("access-control-allow-credentials") == nil)
    }
  }

  @Test func originsOfOtherSitesAreRefusedAtStart() async throws {
    try await withServer { server in
      try await server.sql(#"UPDATE client SET origins = '["https://app.example.org"]' WHERE id = 'signet'"#)
      await server.child.signal(SIGTERM)
      _ = try await server.child.end()
      let refused = try await Finished.run(
        Programs.signet,
        ["serve", "--data", server.data] + (LiveServer.fast + LiveServer.anyPort).flatMap { ["--set", $0] },
        folder: server.folder)
      #expect(refused.status == 1)
      #expect(refused.errors.contains("https://app.example.org isn't same-site with http://127.0.0.1"), "\(refused)")
      let restarted = try await LiveServer.start(["cookie.same_site=none"], folder: server.folder)
      defer { Task { await restarted.child.destroy() } }
      try await restarted.addUser()
      let login = try await restarted.logInByPage(origin: "https://app.example.org")
      #expect(login.answer.field("set-cookie")?.contains("; SameSite=None") == true, "\(login.answer)")
    }
  }
}

/// A server whose built-in client has `app` among its origins.
private func withPage(_ body: (LiveServer) async throws -> Void) async throws {
  try await withServer(["cors.origins=https://reader.example.com"]) { server in
    try await server.addUser()
    try await server.done(["client", "change", "signet", "--origin", app])
    try await server.servesPages(of: app)
    try await body(server)
  }
}

extension LiveServer {
  /// Waits until the running server serves pages of this origin.
  fileprivate func servesPages(of origin: String) async throws {
    try await eventually("pages of \(origin) are served") {
      let answer = try await send(Request("GET", "/healthz", [("Origin", origin)]))
      return answer.field("access-control-allow-credentials") == "true"
    }
  }

  /// Logs in as a page does.
  fileprivate func logInByPage(origin: String? = app) async throws -> (answer: Answer, cookie: String) {
    var request = Request.json(
      "/v1/login", ["username": "ada", "password": .string(goodPassword), "mode": "cookie"])
    if let origin { request.fields.append(("Origin", origin)) }
    let answer = try await send(request)
    return (answer, answer.refreshCookie ?? "")
  }

  fileprivate func hasNoReuse() async throws -> Bool {
    try await audit().allSatisfy { $0["event"]?.string?.contains("reuse") != true }
  }
}

extension Answer {
  /// The value that the refresh token's cookie is set to; empty when it is taken away.
  fileprivate var refreshCookie: String? {
    guard let set = field("set-cookie"), set.hasPrefix(cookieName + "=") else { return nil }
    return String(set.dropFirst(cookieName.count + 1).prefix { $0 != ";" })
  }
}

extension Request {
  /// What a page sends with its cookie.
  fileprivate static func page(
    _ path: String, cookie: String, origin: String? = app, csrf: String? = "1", body: JSON = [:]
  ) -> Request {
    var request = Request.json(path, body)
    request.fields.append(("Cookie", "theme=dark; \(cookieName)=\(cookie)"))
    if let origin { request.fields.append(("Origin", origin)) }
    if let csrf { request.fields.append(("X-Signet-CSRF", csrf)) }
    return request
  }
}
