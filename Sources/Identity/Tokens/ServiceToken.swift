// The access token of a client that acts for itself (RFC 6749 section 4.4, RFC 9068): no user, no session, no refresh token.

import JOSE
import JSON
import OpenSSL
import Storage
import Telemetry

/// What such a token is made from. Times are milliseconds since 1970.
struct ServiceTokenContent {
  let clientID: String
  let audience: String
  let scope: String
  let issuedAt: Int64
  let expiresAt: Int64
  /// The key that it is bound to.
  let confirmation: Confirmation?
}

extension AccessTokenClaims {
  /// Writes the claims as an object (RFC 9068 section 2.2). The subject is the client itself.
  /// - Parameter identifier: the `jti`, in characters which JSON takes as they are.
  func write(_ content: ServiceTokenContent, identifier: [UInt8], into json: inout JSONWriter) {
    json.beginObject()
    json.value(encoded: opening)
    json.member("sub", content.clientID)
    // Never the issuer: its own endpoints are for users.
    json.member("aud", content.audience)
    json.member("exp", content.expiresAt / 1000)
    json.member("iat", content.issuedAt / 1000)
    json.name("jti")
    json.value(text: identifier)
    json.member("client_id", content.clientID)
    if !content.scope.isEmpty { json.member("scope", content.scope) }
    content.confirmation?.write(into: &json)
    json.endObject()
  }
}

/// What a client that asks for itself gets: RFC 6749 section 4.4.3.
package struct ServiceAnswer: Sendable {
  /// The access token's characters.
  package let accessTokenText: [UInt8]
  /// Seconds.
  package let expiresIn: Int64
  package let scope: String
  /// `Bearer`, or `DPoP` (RFC 9449 section 5).
  package let tokenType: String

  package var accessToken: String { String(decoding: accessTokenText, as: UTF8.self) }
}

/// A token as a client asks for it by itself.
package struct ServiceRequest: Sendable {
  package let scope: String?
  /// The audience, by whichever of the two names of the parameter (RFC 8707 section 2 has `resource`).
  package let audience: String?
  /// What the request has proved.
  package let proven: Proven

  package init(scope: String?, audience: String?, proven: Proven = Proven()) {
    (self.scope, self.audience, self.proven) = (scope, audience, proven)
  }
}

extension Issuer {
  /// A token for a confidential client that has authenticated. Nothing is read or written: the signature is what it costs.
  package func serve(
    _ client: RegisteredClient, _ request: ServiceRequest
  ) throws(Refusal) -> ServiceAnswer {
    let record = client.record
    // RFC 6749 section 4.4: only for confidential clients.
    guard !record.isPublic, record.grants.contains(Grant.clientCredentials) else {
      throw Refusal(.unauthorizedClient, cause: "grant_not_registered")
    }
    let scope = try scope(request.scope, of: record)
    let audience = try audience(request.audience, of: record)
    let confirmation = try confirmation(for: record, request.proven)
    let context = try contexts.clients.load(record.id)
    let now = moment().now
    let content = ServiceTokenContent(
      clientID: record.id, audience: audience, scope: scope, issuedAt: now,
      expiresAt: now + (record.accessTTL ?? policy.accessTTL), confirmation: confirmation)
    var token: [UInt8] = []
    do { try contexts.accessTokens.write(content, as: context, into: &token) } catch { throw Refusal(error, record) }
    counts.serviceTokens.add()
    return ServiceAnswer(
      accessTokenText: token, expiresIn: content.expiresAt / 1000 - now / 1000, scope: scope,
      tokenType: Confirmation.tokenType(confirmation))
  }
}

/// The grants that a client may be registered for, by their names in RFC 6749.
package enum Grant {
  /// For the operator's own public clients, at `/v1/login`.
  package static let password = "password"
  package static let refreshToken = "refresh_token"
  /// For confidential clients.
  package static let clientCredentials = "client_credentials"

  package static let all = [password, refreshToken, clientCredentials]
}
