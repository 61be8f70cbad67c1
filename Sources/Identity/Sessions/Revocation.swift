// Revocation by the client that a token was issued to (RFC 7009). A refresh token, of whatever generation, ends its session with
// all its access tokens; an access token is denied by itself and its session goes on, since its client may have asked for
// several, each narrower than the session.

import JOSE
import JSON
import Storage

extension Issuer {
  /// Revokes a token of `client`. One that isn't the client's, or none, is left alone, and nobody learns which.
  package func revoke(
    _ token: String, by client: RegisteredClient, from requester: Requester
  ) async throws(Refusal) {
    if let refresh = contexts.refreshTokens.parse(token) {
      return try await revoke(refresh, client.record, requester)
    }
    let now = moment().now
    try checkRevocable(token, client.record)
    // Expired or not: a clock that is ahead may take it for that. The store knows what is over for good.
    guard let access = made(token), access.clientID.utf8.elementsEqual(client.record.id.utf8),
      try await !isDenied(access)
    else { return }
    let denial = TokenDenial(
      id: access.deniable.id, audience: access.audiences.first, expiresAt: access.expiresAt * 1000,
      status: StatusLists.place(in: access.claims, policy.issuer),
      userID: access.session == nil ? nil : UniqueID(access.subject), sessionID: access.session,
      clientID: access.clientID, now: now, context: requester.context)
    do { _ = try await store.denyToken(denial) } catch { throw Refusal(error) }
  }

  private func revoke(
    _ token: RefreshToken, _ client: ClientRecord, _ requester: Requester
  ) async throws(Refusal) {
    guard token.epoch == snapshot.ring.epoch else { return }
    let found: SessionAndUser?
    do { found = try await store.findSession(token.session) } catch { throw Refusal(error) }
    guard let found, found.session.clientID.utf8.elementsEqual(client.id.utf8) else { return }
    _ = try await end(token.session, of: nil, .logout, requester)
  }

  /// Throws for tokens of which nobody can say whether they are the client's: encrypted ones, which can't be read, and those of
  /// its own MAC key, which whoever holds it may make with any `jti`, also another token's (RFC 7009 section 2.2.1).
  private func checkRevocable(_ token: String, _ client: ClientRecord) throws(Refusal) {
    let isEncrypted = Self.isEncrypted(token)
    guard !isEncrypted, macAccess(token, of: client, now: nil) == nil else {
      throw Refusal(.unsupportedTokenType, cause: isEncrypted ? "encrypted_token" : "mac_token")
    }
  }

  /// Whether it has the form of a JWE (RFC 7516 section 3.1): five parts, and a header that names the content's encryption.
  private static func isEncrypted(_ token: String) -> Bool {
    let parts = token.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 5, let header = try? Base64URL.decode(String(parts[0])),
      let members = try? JSONValue.parse(header, depth: 4)
    else { return false }
    return members["enc"] != nil
  }
}
