// Cookie mode: a browser keeps the refresh token in a cookie which no page can read, and sends it to this server alone.
//
// Only pages of origins that a client has registered may log in, refresh and log out by it: browsers say in `Origin` which
// page asks, and no page can write that field. The field X-Signet-CSRF, which a form can't send and a foreign page only after a
// preflight that is refused, says so once more for the two that act by the cookie.

import HTTPServer
import Identity

/// The refresh token's cookie (RFC 6265). `__Host-`: set by this host, over a secure connection, for every path.
enum RefreshCookie {
  static let name = "__Host-signet_refresh"

  /// `Set-Cookie` for a token that is good for so many seconds; nil takes the cookie away.
  static func text(_ token: String?, seconds: Int64, crossSite: Bool) -> String {
    "\(name)=\(token ?? ""); Path=/; Secure; HttpOnly; SameSite=\(crossSite ? "None" : "Strict"); Max-Age=\(seconds)"
  }
}

/// A refresh token as a request presents it.
struct PresentedToken {
  let text: String
  /// In cookie mode, the clients whose page asks; nil: it came in the body.
  let clients: [String]?

  var isCookie: Bool { clients != nil }
}

extension Endpoints {
  /// Whether the request asks for the refresh token as a cookie, by its member `mode`, and may have it.
  /// - Parameter clientID: whose page it must be.
  func wantsCookie(_ exchange: Exchange, _ body: RequestBody, clientID: String) throws(Refusal) -> Bool {
    switch try body.optionalString("mode") {
    case nil, "body": return false
    case "cookie":
      guard try clientsOfPage(exchange).contains(clientID) else { throw Self.foreignPage }
      return true
    default: throw Refusal(.invalidRequest("mode must be body or cookie"), cause: "mode")
    }
  }

  /// The refresh token that the request presents, in its body or as its cookie.
  func presentedToken(_ exchange: Exchange, _ body: RequestBody) throws(Refusal) -> PresentedToken? {
    let cookies = exchange.cookies(named: RefreshCookie.name)
    if let text = try body.optionalString("refresh_token") {
      guard cookies.isEmpty else {
        throw Refusal(
          .invalidRequest("a refresh token came as a cookie and in the body; send one of them"), cause: "two_tokens")
      }
      return PresentedToken(text: text, clients: nil)
    }
    guard !cookies.isEmpty || exchange.field(.xSignetCSRF) != nil else { return nil }
    let clients = try clientsOfPage(exchange)
    guard exchange.field(.xSignetCSRF) == "1" else {
      throw Refusal(.forbidden("cookie mode needs the field X-Signet-CSRF: 1"), cause: "csrf")
    }
    guard cookies.count < 2 else {
      throw Refusal(.invalidRequest("the cookie \(RefreshCookie.name) came twice"), cause: "two_cookies")
    }
    return PresentedToken(text: cookies.first ?? "", clients: clients)
  }

  /// The clients whose page the request comes from, as its browser says.
  private func clientsOfPage(_ exchange: Exchange) throws(Refusal) -> [String] {
    let clients = exchange.field(.origin).map(issuer.snapshot.pages.clients) ?? []
    guard !clients.isEmpty else { throw Self.foreignPage }
    return clients
  }

  private static let foreignPage = Refusal(
    .forbidden("cookie mode is for pages of the origins that the client has registered"), cause: "origin")

  /// Sets the cookie in the answer to come.
  func setCookie(_ exchange: Exchange, _ tokens: TokenAnswer) {
    let crossSite = issuer.policy.cookiesCrossSites
    exchange.add(
      "Set-Cookie", RefreshCookie.text(tokens.refreshToken, seconds: tokens.refreshExpiresIn, crossSite: crossSite))
  }

  /// Takes the cookie away in the answer to come.
  func clearCookie(_ exchange: Exchange) {
    exchange.add("Set-Cookie", RefreshCookie.text(nil, seconds: 0, crossSite: issuer.policy.cookiesCrossSites))
  }

  /// Runs `body`, and takes the cookie away when the token in it is found to be no good. One that is good for another
  /// client's page stays that page's.
  func clearingCookie<Result>(
    _ exchange: Exchange, of presented: PresentedToken, _ body: () async throws(Refusal) -> Result
  ) async throws(Refusal) -> Result {
    do throws(Refusal) { return try await body() } catch {
      if presented.isCookie, error.isOfASpentToken { clearCookie(exchange) }
      throw error
    }
  }
}
