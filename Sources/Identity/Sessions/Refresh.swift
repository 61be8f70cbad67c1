// Refreshing: the next generation, or the same answer again when the last one was lost.

import Storage
import Telemetry

/// A refresh as a client asks for it.
package struct RefreshRequest: Sendable {
  package let refreshToken: String
  /// A narrower scope for this access token alone.
  package let scope: String?
  /// The client that asks, where it says so.
  package let clientID: String?
  /// Whether it has proved to be that client, as a confidential one must.
  package let isAuthenticated: Bool
  /// What the request has proved.
  package var proven = Proven()
  /// The clients to one of which the session must belong: those whose page asks.
  package let clients: [String]?

  package init(
    refreshToken: String, scope: String? = nil, clientID: String? = nil, isAuthenticated: Bool = false,
    clients: [String]? = nil
  ) {
    self.refreshToken = refreshToken
    self.scope = scope
    self.clientID = clientID
    self.isAuthenticated = isAuthenticated
    self.clients = clients
  }
}

extension Issuer {
  /// Whether a text is a refresh token that this issuer has made, be it good or not. It costs a MAC.
  package func isOurs(refreshToken: String) -> Bool { contexts.refreshTokens.parse(refreshToken) != nil }

  /// Rotates the refresh token and gives the session's next tokens.
  package func refresh(_ request: RefreshRequest, from requester: Requester) async throws(Refusal) -> TokenAnswer {
    guard let token = contexts.refreshTokens.parse(request.refreshToken) else {
      counts.refreshRefusals.add()
      throw Refusal(.invalidGrant, cause: "malformed")
    }
    guard token.epoch == snapshot.ring.epoch else {
      counts.refreshRefusals.add()
      throw Refusal(.invalidGrant, cause: "restored")
    }
    let moment = moment()
    if contexts.clients.mayFail(request.clientID) { try await checkBeforehand(token, request, now: moment.now) }
    let rotation: Rotation
    do {
      rotation = try await store.rotate(rotationRequest(token, request, moment, requester))
    } catch { throw Refusal(error) }
    return try await answer(rotation, request, now: moment.now)
  }

  /// Refuses what the client's form will refuse while nothing has been written: a rotation whose answer can't be given
  /// would look like a spent token an hour later, when the operator has mended it.
  private func checkBeforehand(
    _ token: RefreshToken, _ request: RefreshRequest, now: Int64
  ) async throws(Refusal) {
    let found: SessionAndUser?
    do { found = try await store.findSession(token.session) } catch { throw Refusal(error) }
    // What would not rotate is the store's to decide.
    guard let found, token.generation >= found.session.generation, found.session.isLive(at: now), found.user.isActive
    else { return }
    do { try checkAnswer(found, scope: narrower(request.scope, than: found.session.scope), now: now) } catch {
      counts.refreshRefusals.add()
      throw error
    }
  }

  private func rotationRequest(
    _ token: RefreshToken, _ request: RefreshRequest, _ moment: Clock.Moment, _ requester: Requester
  ) -> RotationRequest {
    var presented = PresentedRefresh(
      clientID: request.clientID, isAuthenticated: request.isAuthenticated, clients: request.clients,
      scope: request.scope, generation: token.generation,
      addressPrefix: Int64(bitPattern: requester.addressPrefix), now: moment.now, clockIsSettling: moment.isSettling)
    presented.proven = request.proven.confirmation?.stored
    return RotationRequest(
      session: token.session, presented: presented, policy: policy.refresh, context: requester.context)
  }

  private func answer(
    _ rotation: Rotation, _ request: RefreshRequest, now: Int64
  ) async throws(Refusal) -> TokenAnswer {
    switch rotation {
    case .rotated(let found, let ahead):
      counts.rotations.add()
      if ahead { counts.ahead.add() }
      let scope = narrower(request.scope, than: found.session.scope)
      return try answer(found, scope: scope, issuedAt: found.session.rotatedAt, now: now)
    case .retried(let found, let elsewhere):
      counts.retries.add()
      if elsewhere { counts.retriesElsewhere.add() }
      return try await repeated(found, request, now: now)
    case .refused(let refusal):
      counts.refreshRefusals.add()
      throw Refusal(Self.code(refusal), cause: refusal.rawValue)
    case .reused(_, let distance, let age):
      counts.reuses.add()
      throw Refusal(.invalidGrant, cause: "reuse distance=\(distance) age_ms=\(age)")
    }
  }

  private static func code(_ refusal: RefreshRefusal) -> Refusal.Code {
    switch refusal {
    case .scope: .invalidScope
    case .grant: .unauthorizedClient
    case .unauthenticated: .invalidClient
    case .unproven:
      .invalidDPoPProof("the proof must be there and by the session's key; a session without a key takes none")
    default: .invalidGrant
    }
  }

  /// The answer that was lost: the same access token, unless something in it or its form changed, it was revoked, or it is about
  /// to expire.
  private func repeated(
    _ found: SessionAndUser, _ request: RefreshRequest, now: Int64
  ) async throws(Refusal) -> TokenAnswer {
    let scope = narrower(request.scope, than: found.session.scope)
    let first = try answer(found, scope: scope, issuedAt: found.session.rotatedAt, now: now)
    let token = DeniableToken(
      session: found.session.id, generation: found.session.generation, id: contexts.accessTokens.latest)
    let isDenied: Bool
    do { isDenied = try await authority.denylist.isDenied(token) } catch { throw Refusal(error) }
    let form = try contexts.clients.load(found.session.clientID).form
    let isUnchanged =
      found.session.claimsVersion == found.user.claimsVersion && form.changedAt < found.session.rotatedAt
    guard !isUnchanged || isDenied || first.expiresIn < 30 else { return first }
    return try answer(found, scope: scope, issuedAt: now, now: now)
  }
}
