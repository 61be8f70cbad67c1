// Whom an access token speaks for, at Signet's own endpoints.

import JOSE
import JSON
package import Storage

/// The bearer of a good access token, with the session and user as they are now.
package struct Bearer: Sendable {
  package let session: SessionRecord
  package let user: UserRecord
  /// The nonce that the client is to use in its proofs from now on, when it used an older one.
  package var nextNonce: String?
}

extension Issuer {
  /// Checks an access token for Signet's own user endpoints: signed by us, `at+jwt`, the issuer in `aud`, a live session.
  /// - Parameters:
  ///   - isDPoP: whether the token came by the scheme `DPoP`.
  ///   - evidence: what the request shows; a bound token is good with it alone.
  package func bearer(
    _ token: String, isDPoP: Bool = false, _ evidence: Evidence = .none
  ) async throws(Refusal) -> Bearer {
    let moment = moment()
    let (sessionID, jti, confirmation) = try claims(of: token, now: moment.now)
    let nonce = try checkPossession(of: token, boundTo: confirmation, isDPoP: isDPoP, evidence)
    let found: SessionAndUser?
    do { found = try await store.findSession(sessionID) } catch { throw Refusal(error) }
    guard let found, found.session.isLive(at: moment.now) else {
      throw Refusal(.invalidToken, cause: "session_ended")
    }
    guard found.user.isActive else { throw Refusal(.invalidToken, cause: "user_inactive") }
    guard let generation = AccessToken.generation(of: jti), generation >= found.session.validFrom else {
      throw Refusal(.invalidToken, cause: "password_changed")
    }
    return Bearer(session: found.session, user: found.user, nextNonce: nonce)
  }

  private func claims(of token: String, now: Int64) throws(Refusal) -> (UniqueID, jti: String, Confirmation?) {
    do {
      let verified = try contexts.verifier.verify(compact: Array(token.utf8), type: AccessToken.type)
      let payload = try JSONValue.parse(verified.payload)
      // The clock that checks is the one that stamped: no leeway but for its smallest steps.
      try Claims.check(
        payload: payload, issuer: policy.issuer, audience: policy.issuer, now: now / 1000, leeway: 2)
      guard let session = payload["sid"]?.string.flatMap({ UniqueID($0) }), let jti = payload["jti"]?.string else {
        throw Refusal(.invalidToken, cause: "no_session")
      }
      return (session, jti, try Confirmation(claim: payload["cnf"]))
    } catch let error as Refusal {
      throw error
    } catch {
      throw Refusal(.invalidToken, cause: "\(error)")
    }
  }
}
