// What a signed-in user asks of one's own account.

import HTTPServer
import Identity
import JSON
import Storage

extension Endpoints {
  func me(_ exchange: Exchange) async throws(Refusal) {
    let bearer = try await bearer(exchange)
    let user = bearer.user
    var json = JSONWriter()
    json.beginObject()
    json.member("id", user.id.description)
    json.member("username", user.username)
    if let email = user.email {
      json.member("email", email)
      json.member("email_verified", user.emailVerified)
    }
    json.member("roles", (try? JSONValue.parse(Array(user.roles.utf8))) ?? .array([]))
    json.member("created_at", Timestamp.text(user.createdAt))
    json.member("session_id", bearer.session.id.description)
    json.endObject()
    exchange.add("Cache-Control", "no-store")
    exchange.respond(200, contentType: "application/json", body: json.bytes)
  }

  func sessions(_ exchange: Exchange) async throws(Refusal) {
    let bearer = try await bearer(exchange)
    let sessions = try await issuer.sessions(of: bearer)
    var json = JSONWriter()
    json.beginObject()
    json.name("sessions")
    json.beginArray()
    for session in sessions { write(session, isCurrent: session.id == bearer.session.id, into: &json) }
    json.endArray()
    json.endObject()
    exchange.add("Cache-Control", "no-store")
    exchange.respond(200, contentType: "application/json", body: json.bytes)
  }

  private func write(_ session: SessionRecord, isCurrent: Bool, into json: inout JSONWriter) {
    json.beginObject()
    json.member("id", session.id.description)
    json.member("device", session.device.map(JSONValue.string) ?? .null)
    json.member("client_id", session.clientID)
    json.member("created_at", Timestamp.text(session.createdAt))
    json.member("last_used_at", Timestamp.text(session.rotatedAt))
    json.member("ip", session.address)
    json.member("user_agent", session.userAgent.map(JSONValue.string) ?? .null)
    json.member("current", isCurrent)
    json.endObject()
  }

  func endSession(_ exchange: Exchange) async throws(Refusal) {
    let bearer = try await bearer(exchange)
    guard let id = UniqueID(exchange.parameter(0)) else {
      throw Refusal(.notFound("there is no such session"), cause: "unknown_session")
    }
    try await issuer.endSession(id, by: bearer, from: requester(exchange))
    exchange.add("Cache-Control", "no-store")
    exchange.respond(204)
  }

  func password(_ exchange: Exchange) async throws(Refusal) {
    let bearer = try await bearer(exchange)
    let body = try RequestBody(exchange)
    let (current, new) = (try body.string("current_password"), try body.string("new_password"))
    let inCookie = try wantsCookie(exchange, body, clientID: bearer.session.clientID)
    // The cookie would fall behind its session, and be taken for a spent token later.
    guard inCookie || exchange.cookies(named: RefreshCookie.name).isEmpty else {
      throw Refusal(.invalidRequest("the session is in cookie mode; send mode cookie"), cause: "mode")
    }
    answer(
      exchange, try await issuer.changePassword(current, to: new, by: bearer, from: requester(exchange)),
      inCookie: inCookie)
  }

  /// Who asks, for the audit trail and the hashing queue.
  func requester(_ exchange: Exchange) -> Requester {
    Requester(
      address: exchange.address, addressPrefix: exchange.addressPrefix, requestID: exchange.requestID,
      userAgent: exchange.field(.userAgent))
  }
}
