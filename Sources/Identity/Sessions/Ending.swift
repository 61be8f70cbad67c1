// Ending sessions, and listing them.

package import Storage
import Telemetry

extension Issuer {
  /// Ends the session of a refresh token of any generation (RFC 7009 section 2.1), or every session of its user.
  /// Succeeds when it had ended already.
  /// - Parameters:
  ///   - clients: those to one of which the session must belong, where the request tells.
  ///   - proven: what the request has proved; a bound token ends all sessions with its proof alone.
  package func logout(
    refreshToken: String, of clients: [String]? = nil, all: Bool, proven: Proven = Proven(), from requester: Requester
  ) async throws(Refusal) {
    guard let token = contexts.refreshTokens.parse(refreshToken) else {
      throw Refusal(.invalidGrant, cause: "malformed")
    }
    if let clients {
      let found: SessionAndUser?
      do { found = try await store.findSession(token.session) } catch { throw Refusal(error) }
      guard let found else { return }
      guard clients.contains(found.session.clientID) else {
        throw Refusal(.invalidGrant, cause: Refusal.wrongClient)
      }
    }
    if all {
      let found: SessionAndUser?
      do { found = try await store.findSession(token.session) } catch { throw Refusal(error) }
      guard let session = found?.session else { return }
      // A token that can't be refreshed may have leaked: spent or expired long ago, from before a restore, without the proof
      // or the client's authentication that it needs. It ends its own session, as any does, but not the user's others.
      let isLive = session.isLive(at: moment().now)
      let isRecent = token.generation >= session.generation || session.generation - token.generation == 1
      let isProven = session.confirmation == nil || session.confirmation == proven.confirmation?.stored
      guard isLive, isRecent, isProven, !session.clientIsConfidential, token.epoch == snapshot.ring.epoch else {
        _ = try await end(token.session, of: nil, .logout, requester)
        return
      }
      try await endAll(of: session.userID, requester)
    } else {
      _ = try await end(token.session, of: nil, .logout, requester)
    }
  }

  /// Ends the bearer's session, or every session of the user.
  package func logout(_ bearer: Bearer, all: Bool, from requester: Requester) async throws(Refusal) {
    if all {
      try await endAll(of: bearer.user.id, requester)
    } else {
      _ = try await end(bearer.session.id, of: nil, .logout, requester)
    }
  }

  /// Ends one of the bearer's sessions.
  package func endSession(_ id: UniqueID, by bearer: Bearer, from requester: Requester) async throws(Refusal) {
    guard try await end(id, of: bearer.user.id, .sessionEnded, requester) else {
      throw Refusal(.notFound("there is no such session"), cause: "unknown_session")
    }
  }

  /// The bearer's live sessions, newest first.
  package func sessions(of bearer: Bearer) async throws(Refusal) -> [SessionRecord] {
    do { return try await store.sessions(of: bearer.user.id, now: moment().now) } catch { throw Refusal(error) }
  }

  func end(
    _ id: UniqueID, of user: UniqueID?, _ event: AuditEvent, _ requester: Requester
  ) async throws(Refusal) -> Bool {
    do {
      let ended = try await store.endSession(
        id, of: user, reason: .logout, event: event, now: moment().now, context: requester.context)
      if ended { counts.logouts.add() }
      return ended
    } catch { throw Refusal(error) }
  }

  private func endAll(of user: UniqueID, _ requester: Requester) async throws(Refusal) {
    do {
      let ended = try await store.endSessions(
        of: user, reason: .logout, event: .logoutAll, now: moment().now, context: requester.context)
      counts.logouts.add(ended)
    } catch { throw Refusal(error) }
  }
}
