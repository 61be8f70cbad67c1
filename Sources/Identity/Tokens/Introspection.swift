// What a client is told of a token that somebody has shown to it (RFC 7662), plain or as the issuer's signed word (RFC 9701).
//
// Every claim of an access token is told as it stands there: for a reference token that is the only way to learn them. Whatever
// isn't the client's business is inactive, as what never was a token: an answer gives nobody the difference.
//
// A token which was made with a client's MAC key is told to that client alone, and never signed: whoever holds the key could
// have made it, so to anybody else the issuer would vouch for what it can't know.

import JOSE
import JSON
import OpenSSL
package import Storage

extension Issuer {
  /// What `client` is told of a token: the JSON object of RFC 7662 section 2.2.
  package func introspect(_ token: String, for client: RegisteredClient) async throws(Refusal) -> [UInt8] {
    if let access = try await own(token, of: client) { return Self.active(access) }
    return try await told(token, client.record)
  }

  /// The same as the issuer's signed word for this client (RFC 9701 section 5).
  package func signedIntrospection(_ token: String, for client: RegisteredClient) async throws(Refusal) -> [UInt8] {
    let told = try await told(token, client.record)
    var json = JSONWriter()
    json.beginObject()
    json.member("iss", policy.issuer)
    json.member("aud", client.record.id)
    json.member("iat", moment().now / 1000)
    json.name("token_introspection")
    json.value(encoded: told)
    json.endObject()
    var signed: [UInt8] = []
    do throws(JOSEError) {
      guard let signer = contexts.introspections else { throw .unknownKey }
      try signer.sign(payload: json.bytes, into: &signed)
    } catch { throw Refusal(.serverError, cause: "signing introspection: \(error)") }
    return signed
  }

  /// Whether `client` is registered for one of these audiences; without any of its own, for the configured one.
  package func isRegistered(_ client: ClientRecord, for audiences: [String]) -> Bool {
    let registered = client.audiences.isEmpty ? [policy.audience] : client.audiences
    return registered.contains { one in audiences.contains { $0.utf8.elementsEqual(one.utf8) } }
  }

  private func told(_ token: String, _ client: ClientRecord) async throws(Refusal) -> [UInt8] {
    if let refresh = contexts.refreshTokens.parse(token) { return try await told(refresh, client) }
    guard let access = try await good(token), isRegistered(client, for: access.audiences) else { return Self.inactive }
    return Self.active(access)
  }

  /// An access token that is good now; nil for anything else.
  func good(_ token: String) async throws(Refusal) -> VerifiedAccess? {
    do throws(Refusal) {
      return try await verified(accessToken: token, audience: nil, now: moment().now)
    } catch {
      guard error.code == .invalidToken else { throw error }
      return nil
    }
  }

  /// A good access token that was made with the client's own MAC key; nil for anything else.
  private func own(_ token: String, of client: RegisteredClient) async throws(Refusal) -> VerifiedAccess? {
    let now = moment().now
    guard let access = macAccess(token, of: client.record, now: now), now < access.expiresAt * 1000,
      isRegistered(client.record, for: access.audiences)
    else { return nil }
    do throws(Refusal) { try await checkDenial(of: access) } catch {
      guard error.code == .invalidToken else { throw error }
      return nil
    }
    return access
  }

  /// The claims of a token of the client's that its own MAC key has made; nil for anything else.
  func macAccess(_ token: String, of client: ClientRecord, now: Int64?) -> VerifiedAccess? {
    guard let verifier = contexts.clients.macVerifier(of: client),
      let verified = try? verifier.verify(compact: Array(token.utf8), type: AccessToken.type),
      let access = try? access(verified.payload, now: now), access.clientID.utf8.elementsEqual(client.id.utf8)
    else { return nil }
    return access
  }

  /// A refresh token that could be used now. Only looked at: one that was spent is no reuse here.
  private func told(_ token: RefreshToken, _ client: ClientRecord) async throws(Refusal) -> [UInt8] {
    guard token.epoch == snapshot.ring.epoch else { return Self.inactive }
    let found: SessionAndUser?
    do { found = try await store.findSession(token.session) } catch { throw Refusal(error) }
    // A later generation than the store's is one whose commit it has lost: that is taken too.
    guard let found, found.session.isLive(at: moment().now), found.user.isActive, found.session.clientMayRefresh,
      token.generation >= found.session.generation, isRegistered(client, for: [found.session.audience])
    else { return Self.inactive }
    return active(found.session)
  }

  private static let inactive = Array(#"{"active":false}"#.utf8)

  private static func active(_ access: VerifiedAccess) -> [UInt8] {
    var json = Array(#"{"active":true,"token_type":""#.utf8)
    json += Confirmation.tokenType(access.confirmation).utf8
    json += Array(#"","#.utf8)
    // The claims are an object with at least one member, and neither of these two.
    return json + access.claims.dropFirst()
  }

  private func active(_ session: SessionRecord) -> [UInt8] {
    var json = JSONWriter()
    json.beginObject()
    json.member("active", true)
    // RFC 8693 section 2.2.1: what isn't an access token, so that no service takes it for one.
    json.member("token_type", "N_A")
    json.member("iss", policy.issuer)
    json.member("sub", session.userID.description)
    json.member("aud", session.audience)
    json.member("exp", min(session.idleDeadline, session.absoluteDeadline) / 1000)
    json.member("iat", session.rotatedAt / 1000)
    json.member("client_id", session.clientID)
    json.member("sid", session.id.description)
    if !session.scope.isEmpty { json.member("scope", session.scope) }
    if let confirmation = session.confirmation { Confirmation(stored: confirmation)?.write(into: &json) }
    json.endObject()
    return json.bytes
  }
}

/// The issuer's signed word on a token.
enum IntrospectionAnswer {
  /// RFC 9701 section 5.
  static let type = "token-introspection+jwt"
}
