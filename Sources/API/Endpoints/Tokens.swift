// Login, refresh, logout, and the token endpoint.

import HTTPServer
import Identity
import JSON
import Storage

extension Endpoints {
  func login(_ exchange: Exchange) async throws(Refusal) {
    let body = try RequestBody(exchange)
    var request = LoginRequest(
      username: try body.string("username"), password: try body.string("password"),
      clientID: try body.optionalString("client_id"), scope: try body.optionalString("scope"),
      audience: try body.optionalString("audience"), device: try body.optionalString("device"),
      deviceToken: try body.optionalString("device_token"))
    let inCookie = try wantsCookie(exchange, body, clientID: request.clientID ?? ClientRecord.builtIn)
    request.proven = try proven(exchange)
    answer(exchange, try await issuer.login(request, from: requester(exchange)), inCookie: inCookie)
  }

  func refresh(_ exchange: Exchange) async throws(Refusal) {
    let body = try RequestBody(exchange)
    guard let presented = try presentedToken(exchange, body) else { throw RequestBody.missing("refresh_token") }
    var request = RefreshRequest(
      refreshToken: presented.text, scope: try body.optionalString("scope"),
      clientID: try body.optionalString("client_id"), clients: presented.clients)
    request.proven = try proven(exchange, by: presented.text)
    let asked = request
    let tokens = try await clearingCookie(exchange, of: presented) { () async throws(Refusal) in
      try await issuer.refresh(asked, from: requester(exchange))
    }
    answer(exchange, tokens, inCookie: presented.isCookie)
  }

  func logout(_ exchange: Exchange) async throws(Refusal) {
    let body = try RequestBody(exchange)
    let all = try body.flag("all")
    // Where an access token says whom to log out, nothing is done by the cookie that a browser may send beside it.
    let named = try body.optionalString("refresh_token")
    let isBearer = exchange.field(.authorization) != nil && named == nil
    if !isBearer, let presented = try presentedToken(exchange, body) {
      try await clearingCookie(exchange, of: presented) { () async throws(Refusal) in
        try await issuer.logout(
          refreshToken: presented.text, of: presented.clients, all: all,
          proven: try proven(exchange, by: presented.text), from: requester(exchange))
      }
      if presented.isCookie { clearCookie(exchange) }
    } else {
      let bearer = try await bearer(exchange)
      try await issuer.logout(bearer, all: all, from: requester(exchange))
    }
    exchange.add("Cache-Control", "no-store")
    exchange.respond(204)
  }

  /// RFC 6749 section 3.2.
  func token(_ exchange: Exchange) async throws(Refusal) {
    let form = try FormBody(exchange)
    // Before anything else is told: what a client is registered for concerns itself alone.
    var client: RegisteredClient?
    if ClientCredentials.areThere(exchange, form) { client = try await authenticatedClient(exchange, form) }
    switch try form.required("grant_type") {
    case Grant.refreshToken:
      var request = RefreshRequest(
        refreshToken: try form.required("refresh_token"), scope: form["scope"], clientID: client?.record.id,
        isAuthenticated: client?.record.isPublic == false)
      request.proven = try proven(exchange, by: request.refreshToken)
      answer(exchange, try await issuer.refresh(request, from: requester(exchange)))
    case Grant.clientCredentials:
      // Said of the client and not of the grant: without credentials nobody is told what is registered.
      guard let client, !client.record.isPublic else { throw Refusal(.invalidClient, cause: "not_confidential") }
      let request = ServiceRequest(
        scope: form["scope"], audience: try form.audience(), proven: try proven(exchange))
      answer(exchange, try issuer.serve(client, request))
    default: throw Refusal(.unsupportedGrantType, cause: "grant_type")
    }
  }

  /// RFC 6749 section 4.4.3: without a refresh token.
  private func answer(_ exchange: Exchange, _ token: ServiceAnswer) {
    var json = JSONWriter()
    json.beginObject()
    json.name("access_token")
    json.value(text: token.accessTokenText)
    json.member("token_type", token.tokenType)
    json.member("expires_in", token.expiresIn)
    json.member("scope", token.scope)
    json.endObject()
    exchange.add("Cache-Control", "no-store")
    exchange.respond(200, contentType: "application/json", body: json.bytes)
  }

  /// The token answer: RFC 6749 section 5.1 with Signet's members.
  /// - Parameter inCookie: whether the refresh token is a cookie, and so no member.
  func answer(_ exchange: Exchange, _ tokens: TokenAnswer, inCookie: Bool = false) {
    if inCookie { setCookie(exchange, tokens) }
    exchange.userID = tokens.userID.description
    exchange.sessionID = tokens.sessionID.description
    var json = JSONWriter()
    json.beginObject()
    json.name("access_token")
    json.value(text: tokens.accessTokenText)
    json.member("token_type", tokens.tokenType)
    json.member("expires_in", tokens.expiresIn)
    if !inCookie { json.member("refresh_token", tokens.refreshToken) }
    json.member("refresh_expires_in", tokens.refreshExpiresIn)
    json.member("scope", tokens.scope)
    json.member("session_id", tokens.sessionID.description)
    if let deviceToken = tokens.deviceToken { json.member("device_token", deviceToken) }
    json.endObject()
    exchange.add("Cache-Control", "no-store")
    exchange.respond(200, contentType: "application/json", body: json.bytes)
  }
}
