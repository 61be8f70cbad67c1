// The one check of access tokens for all that Signet itself takes them for: its bearer endpoints, gateways' questions,
// introspection and revocation.

import JOSE
import JSON
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

  /// The claims of an access token that a key of ours has made for this issuer, whatever the time seems to be; nil for
  /// anything else.
  func made(_ token: String) -> VerifiedAccess? {
    try? Array(token.utf8).withBytes { token throws(Refusal) in try check(token, now: nil) }
  }

  /// What a gateway asks: the claims of a bearer token for this audience, or else the configured one.
  package func verify(bearer token: String, audience: String?) async throws(Refusal) -> VerifiedAccess {
    let access = try await verified(accessToken: token, audience: audience ?? policy.audience, now: moment().now)
    try checkUnbound(access)
    return access
  }

  /// Throws when the token was denied, by itself or with its session.
  func checkDenial(of access: VerifiedAccess) async throws(Refusal) {
    guard try await !isDenied(access) else { throw Refusal(.invalidToken, cause: "denied") }
  }

  func isDenied(_ access: VerifiedAccess) async throws(Refusal) -> Bool {
    do { return try await authority.denylist.isDenied(access.deniable) } catch { throw Refusal(error) }
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

  private func check(_ token: UnsafeRawBufferPointer, now: Int64?) throws(Refusal) -> VerifiedAccess {
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
  /// - Parameter now: nil: the moment at which it was issued.
  func access(_ claims: [UInt8], now: Int64?) throws(JOSEError) -> VerifiedAccess {
    let payload = try Claims.parse(claims)
    let seconds = now.map { $0 / 1000 } ?? payload["iat"]?.integer ?? 0
    // The clock that checks is the one that stamped: no leeway but for its smallest steps.
    try Claims.check(payload: payload, issuer: policy.issuer, audience: nil, now: seconds, leeway: 2)
    return try VerifiedAccess(claims, payload) { snapshot.clients[$0]?.record.tokens.rolesClaim }
  }
}
