// The one check of access tokens for all that Signet itself takes them for: its bearer endpoints, gateways' questions,
// introspection and revocation.

import JOSE
import OpenSSL
import Storage

extension Issuer {
  /// The claims of an access token that is good now: made by a key of ours, of this issuer and for this audience, neither
  /// expired nor denied. The store is asked only where the denylist in memory can't tell. Tokens made with a client's MAC
  /// key aren't taken, since whoever verifies one could have made it, and encrypted ones can't be read.
  /// - Parameters:
  ///   - audience: whom it must be for; nil: anybody.
  ///   - now: milliseconds since 1970.
  package func verified(
    accessToken token: String, audience: String?, now: Int64
  ) async throws(Refusal) -> VerifiedAccess {
    let access = try Array(token.utf8).withBytes { token throws(Refusal) in try read(token, now: now) }
    guard now < access.expiresAt * 1000 else { throw Refusal(.invalidToken, cause: "\(JOSEError.expired)") }
    // A client that was deleted has no sessions left; the tokens that it got for itself end with it here.
    guard access.session != nil || snapshot.clients[access.clientID] != nil else {
      throw Refusal(.invalidToken, cause: "client_deleted")
    }
    if let audience, !access.isFor(audience) {
      throw Refusal(.invalidToken, cause: "\(JOSEError.audienceMismatch)")
    }
    try await checkDenial(of: access)
    return access
  }

  /// What a gateway asks: the claims of a bearer token for this audience, or else the configured one.
  package func verify(bearer token: String, audience: String?) async throws(Refusal) -> VerifiedAccess {
    let access = try await verified(accessToken: token, audience: audience ?? policy.audience, now: moment().now)
    try checkUnbound(access)
    return access
  }

  /// Throws when the token was denied, by itself or with its session.
  func checkDenial(of access: VerifiedAccess) async throws(Refusal) {
    let isDenied: Bool
    do { isDenied = try await authority.denylist.isDenied(access.deniable) } catch { throw Refusal(error) }
    guard !isDenied else { throw Refusal(.invalidToken, cause: "denied") }
  }

  /// A token of ours, from memory where this loop has seen it.
  private func read(_ token: UnsafeRawBufferPointer, now: Int64) throws(Refusal) -> VerifiedAccess {
    guard token.count <= VerifiedTokens.largest else { return try check(token, now: now) }
    let key = VerifiedTokens.Key(of: token)
    if let access = contexts.verified.find(key) { return access }
    let access = try check(token, now: now)
    contexts.verified.remember(access, key)
    return access
  }

  private func check(_ token: UnsafeRawBufferPointer, now: Int64) throws(Refusal) -> VerifiedAccess {
    do throws(JOSEError) {
      let claims: [UInt8]
      if ReferenceTokenCodec.isOne(token) {
        guard let sealed = contexts.referenceTokens.parse(token) else { throw .invalidSignature }
        claims = sealed
      } else {
        claims = try contexts.verifier.verify(compact: token, type: AccessToken.type).payload
      }
      return try access(claims, now: now)
    } catch {
      throw Refusal(.invalidToken, cause: "\(error)")
    }
  }

  /// The claims of a token whose making was found good, if they are this issuer's.
  func access(_ claims: [UInt8], now: Int64) throws(JOSEError) -> VerifiedAccess {
    let payload = try Claims.parse(claims)
    // The clock that checks is the one that stamped: no leeway but for its smallest steps.
    try Claims.check(payload: payload, issuer: policy.issuer, audience: nil, now: now / 1000, leeway: 2)
    return try VerifiedAccess(claims, payload) { snapshot.clients[$0]?.record.tokens.rolesClaim }
  }
}
