// Whom an access token speaks for, at Signet's own endpoints.

import JOSE
import JSON
package import Storage

/// The bearer of a good access token, with the session and user as they are now.
package struct Bearer: Sendable {
  package let session: SessionRecord
  package let user: UserRecord
}

extension Issuer {
  /// Checks an access token for Signet's own user endpoints: signed by us, `at+jwt`, the issuer in `aud`, a live session.
  package func bearer(_ token: String) async throws(Refusal) -> Bearer {
    let moment = moment()
    let (sessionID, token) = try claims(of: token, now: moment.now)
    let isDenied: Bool
    do { isDenied = try await authority.denylist.isDenied(token) } catch { throw Refusal(error) }
    guard !isDenied else { throw Refusal(.invalidToken, cause: "denied") }
    let found: SessionAndUser?
    do { found = try await store.findSession(sessionID) } catch { throw Refusal(error) }
    guard let found, found.session.isLive(at: moment.now) else {
      throw Refusal(.invalidToken, cause: "session_ended")
    }
    guard found.user.isActive else { throw Refusal(.invalidToken, cause: "user_inactive") }
    guard token.generation >= found.session.validFrom else {
      throw Refusal(.invalidToken, cause: "password_changed")
    }
    return Bearer(session: found.session, user: found.user)
  }

  private func claims(of token: String, now: Int64) throws(Refusal) -> (session: UniqueID, DeniableToken) {
    do {
      let verified = try contexts.verifier.verify(compact: Array(token.utf8), type: AccessToken.type)
      let payload = try JSONValue.parse(verified.payload)
      // The clock that checks is the one that stamped: no leeway but for its smallest steps.
      try Claims.check(
        payload: payload, issuer: policy.issuer, audience: policy.issuer, now: now / 1000, leeway: 2)
      guard let session = payload["sid"]?.string.flatMap({ UniqueID($0) }),
        let jti = payload["jti"]?.string.flatMap(AccessToken.identifier)
      else { throw Refusal(.invalidToken, cause: "no_session") }
      return (session, DeniableToken(session: session, generation: AccessToken.generation(of: jti), id: jti))
    } catch let error as Refusal {
      throw error
    } catch {
      throw Refusal(.invalidToken, cause: "\(error)")
    }
  }
}
