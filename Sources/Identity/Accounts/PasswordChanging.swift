// Changing one's own password: the device that asks stays signed in, all others are signed out.

import Passwords
import Storage

extension Issuer {
  /// Replaces the bearer's password, ends the user's other sessions, and gives this one its next tokens.
  package func changePassword(
    _ current: String, to new: String, by bearer: Bearer, from requester: Requester
  ) async throws(Refusal) -> TokenAnswer {
    let user = bearer.user
    if let objection = PasswordRule.objection(
      to: new, username: user.username, minimumLength: policy.minimumPasswordLength)
    {
      throw Refusal(.invalidRequest(objection), cause: "password_rule")
    }
    try checkAnswer(
      SessionAndUser(session: bearer.session, user: user), scope: bearer.session.scope, now: moment().now)
    let hash = try await replacement(of: current, by: new, user, requester)
    let client = snapshot.clients[bearer.session.clientID]?.record
    let change = PasswordChange(
      userID: user.id, passwordHash: hash, keeping: bearer.session.id, validFrom: bearer.session.validFrom,
      idleTTL: client?.idleTTL ?? policy.idleTTL, addressPrefix: Int64(bitPattern: requester.addressPrefix),
      now: moment().now, context: requester.context)
    let kept: SessionAndUser?
    do { kept = try await store.changePassword(change) } catch {
      if case .missing = error { throw Refusal(.invalidToken, cause: "session_ended_meanwhile") }
      throw Refusal(error)
    }
    guard let kept else { throw Refusal(.invalidToken, cause: "session_ended_meanwhile") }
    return try answer(kept, scope: kept.session.scope, issuedAt: change.now, now: change.now)
  }

  /// The new password's hash, once the current one was found good.
  private func replacement(
    of current: String, by new: String, _ user: UserRecord, _ requester: Requester
  ) async throws(Refusal) -> String {
    let began = authority.clock.elapsed
    let origin = Origin(knownDevice: true, addressPrefix: requester.addressPrefix)
    let stored = user.passwordHash.flatMap { try? PasswordHash(phc: $0) }
    guard current.utf8.count <= PasswordRule.limit else {
      throw Refusal(.invalidCredentials, cause: "wrong_password")
    }
    do throws(HashingError) {
      let verdict = try await authority.hashing.verify(PasswordRule.bytes(current), against: stored, origin: origin)
      if case .match = verdict {
        return try await authority.hashing.hash(PasswordRule.bytes(new), origin: origin).phc
      }
    } catch {
      throw Refusal(error)
    }
    await waitForSlowest(since: began)
    throw Refusal(.invalidCredentials, cause: "wrong_password")
  }
}
