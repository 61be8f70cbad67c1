// Whom an access token speaks for, at Signet's own endpoints.

package import Storage

/// The bearer of a good access token, with the session and user as they are now.
package struct Bearer: Sendable {
  package let session: SessionRecord
  package let user: UserRecord
  /// The nonce that the client is to use in its proofs from now on, when it used an older one.
  package var nextNonce: String?
}

extension Issuer {
  /// Checks an access token for Signet's own user endpoints: one of ours, the issuer in `aud`, a live session.
  /// - Parameters:
  ///   - audience: whom it must be for; nil: the issuer.
  ///   - isDPoP: whether the token came by the scheme `DPoP`.
  ///   - evidence: what the request shows; a bound token is good with it alone.
  package func bearer(
    _ token: String, audience: String? = nil, isDPoP: Bool = false, _ evidence: Evidence = .none
  ) async throws(Refusal) -> Bearer {
    let now = moment().now
    let access = try await verified(accessToken: token, audience: audience ?? policy.issuer, now: now)
    guard let session = access.session else { throw Refusal(.invalidToken, cause: "no_session") }
    let nonce = try checkPossession(of: token, boundTo: access.confirmation, isDPoP: isDPoP, evidence)
    let found: SessionAndUser?
    do { found = try await store.findSession(session) } catch { throw Refusal(error) }
    guard let found, found.session.isLive(at: now) else { throw Refusal(.invalidToken, cause: "session_ended") }
    guard found.user.isActive else { throw Refusal(.invalidToken, cause: "user_inactive") }
    guard access.deniable.generation >= found.session.validFrom else {
      throw Refusal(.invalidToken, cause: "password_changed")
    }
    return Bearer(session: found.session, user: found.user, nextNonce: nonce)
  }

  /// Refuses a token that is bound to a key (RFC 9449 section 7.1, RFC 8705 section 3): it is no bearer token.
  func checkUnbound(_ access: VerifiedAccess) throws(Refusal) {
    guard access.confirmation == nil else { throw Refusal(.unverifiableToken, cause: "bound_token_as_bearer") }
  }
}
