// Login, refresh, logout, and the token endpoint.

import HTTPServer
import Identity
import JSON
import Storage

extension Endpoints {
  func login(_ exchange: Exchange) async throws(Refusal) {
    let body = try RequestBody(exchange)
    // Members whose feature isn't built are refused rather than ignored: a client must not believe in them.
    if let mode = try body.optionalString("mode"), mode != "body" {
      throw Refusal(.invalidRequest("mode must be body; tokens come in the body"), cause: "mode")
    }
    var request = LoginRequest(
      username: try body.string("username"), password: try body.string("password"),
      clientID: try body.optionalString("client_id"), scope: try body.optionalString("scope"),
      audience: try body.optionalString("audience"), device: try body.optionalString("device"),
      deviceToken: try body.optionalString("device_token"))
    request.proven = try proven(exchange)
    answer(exchange, try await issuer.login(request, from: requester(exchange)))
  }

  func refresh(_ exchange: Exchange) async throws(Refusal) {
    let body = try RequestBody(exchange)
    var request = RefreshRequest(
      refreshToken: try body.string("refresh_token"), scope: try body.optionalString("scope"),
      clientID: try body.optionalString("client_id"))
    request.proven = try proven(exchange)
    answer(exchange, try await issuer.refresh(request, from: requester(exchange)))
  }

  func logout(_ exchange: Exchange) async throws(Refusal) {
    let body = try RequestBody(exchange)
    let all = try body.flag("all")
    if let refreshToken = try body.optionalString("refresh_token") {
      try await issuer.logout(refreshToken: refreshToken, all: all, from: requester(exchange))
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
    guard exchange.field(.authorization) == nil, form["client_secret"] == nil else {
      throw Refusal(.invalidClient, cause: "public_client_with_secret")
    }
    guard try form.required("grant_type") == "refresh_token" else {
      throw Refusal(.unsupportedGrantType, cause: "grant_type")
    }
    var request = RefreshRequest(
      refreshToken: try form.required("refresh_token"), scope: form["scope"], clientID: form["client_id"])
    request.proven = try proven(exchange)
    answer(exchange, try await issuer.refresh(request, from: requester(exchange)))
  }

  /// The token answer: RFC 6749 section 5.1 with Signet's members.
  func answer(_ exchange: Exchange, _ tokens: TokenAnswer) {
    exchange.userID = tokens.userID.description
    exchange.sessionID = tokens.sessionID.description
    var json = JSONWriter()
    json.beginObject()
    json.name("access_token")
    json.value(text: tokens.accessTokenText)
    json.member("token_type", tokens.tokenType)
    json.member("expires_in", tokens.expiresIn)
    json.member("refresh_token", tokens.refreshToken)
    json.member("refresh_expires_in", tokens.refreshExpiresIn)
    json.member("scope", tokens.scope)
    json.member("session_id", tokens.sessionID.description)
    if let deviceToken = tokens.deviceToken { json.member("device_token", deviceToken) }
    json.endObject()
    exchange.add("Cache-Control", "no-store")
    exchange.respond(200, contentType: "application/json", body: json.bytes)
  }
}
