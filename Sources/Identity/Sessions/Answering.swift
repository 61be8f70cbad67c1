// The answer to a login, a refresh or a new password: the tokens of a session as its row stands.

package import Storage

extension Issuer {
  /// The access token of a session as its row stands, signed and in its client's form.
  /// - Parameter issuedAt: its `iat`, in milliseconds since 1970.
  package func accessToken(of found: SessionAndUser, scope: String, issuedAt: Int64) throws(Refusal) -> [UInt8] {
    let client = try contexts.clients.load(found.session.clientID)
    return try issue(content(found, scope, issuedAt, client), client)
  }

  private func issue(_ content: AccessTokenContent, _ client: ClientContext) throws(Refusal) -> [UInt8] {
    var token: [UInt8] = []
    do { try contexts.accessTokens.write(content, as: client, into: &token) } catch {
      throw Refusal(error, client.record)
    }
    return token
  }

  /// The tokens of a session.
  /// - Parameter issuedAt: the access token's `iat`, in milliseconds since 1970.
  func answer(
    _ found: SessionAndUser, scope: String, issuedAt: Int64, now: Int64
  ) throws(Refusal) -> TokenAnswer {
    let session = found.session
    let client = try contexts.clients.load(session.clientID)
    let content = content(found, scope, issuedAt, client)
    let accessToken = try issue(content, client)
    return TokenAnswer(
      accessTokenText: accessToken, expiresIn: content.expiresAt / 1000 - now / 1000,
      refreshToken: refreshToken(of: session),
      refreshExpiresIn: (min(session.idleDeadline, session.absoluteDeadline) - now) / 1000, scope: scope,
      sessionID: session.id, userID: session.userID,
      tokenType: Confirmation.tokenType(session.confirmation.flatMap(Confirmation.init(stored:))))
  }

  /// The refresh token of a session's present generation.
  package func refreshToken(of session: SessionRecord) -> String {
    contexts.refreshTokens.write(
      RefreshToken(epoch: snapshot.ring.epoch, session: session.id, generation: session.generation))
  }

  /// Throws what `answer` would of the client and the token's size, for use before the store has done anything.
  func checkAnswer(_ found: SessionAndUser, scope: String, now: Int64) throws(Refusal) {
    let client = try contexts.clients.load(found.session.clientID)
    guard client.form.limit != nil else { return }
    do { try contexts.accessTokens.check(content(found, scope, now, client), as: client) } catch {
      throw Refusal(error, client.record)
    }
  }

  private func content(
    _ found: SessionAndUser, _ scope: String, _ issuedAt: Int64, _ client: ClientContext
  ) -> AccessTokenContent {
    let isForAdministration = isAdministration(found.session.audience)
    let ttl = client.record.accessTTL ?? policy.accessTTL
    return AccessTokenContent(
      session: found.session, user: found.user, scope: scope,
      isFirstParty: client.record.isFirstParty && !isForAdministration, issuedAt: issuedAt,
      ttl: isForAdministration ? min(ttl, Self.adminTTL) : ttl)
  }
}

extension Refusal {
  /// What a token that can't be made means to a client. It can do nothing about it, so it learns nothing; the log tells
  /// the operator, whose doing it is, what to do.
  init(_ error: AccessTokenError, _ client: ClientRecord) {
    switch error {
    case .tooLarge(let size, let limit):
      let mend =
        size <= TokenForm.limits.upperBound
        ? "`signet client change \(client.id) --token-size \(size)` allows it" : "give the user fewer roles"
      self.init(.serverError, cause: "token_size client=\(client.id) bytes=\(size) limit=\(limit): \(mend)")
    case .failed(let error): self.init(.serverError, cause: "signing client=\(client.id): \(error)")
    }
  }
}
