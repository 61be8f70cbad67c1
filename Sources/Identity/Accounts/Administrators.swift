// Who may act on Signet as a whole through its API: a user with Signet's own role, by a token for that alone.

import Storage

extension Issuer {
  /// The audience of tokens for the admin API. Tokens for services never have it, so that no service which sees one can act
  /// here.
  package var adminAudience: String { policy.issuer + Self.adminPath }

  private static var adminPath: String { "/admin" }

  /// Whether an audience is that one; asked for every token, so nothing is put together for it.
  func isAdministration(_ audience: String) -> Bool {
    let (issuer, audience) = (policy.issuer.utf8, audience.utf8)
    return audience.count == issuer.count + Self.adminPath.utf8.count && audience.starts(with: issuer)
      && audience.dropFirst(issuer.count).elementsEqual(Self.adminPath.utf8)
  }

  /// How long a token for the admin API lives at most, in milliseconds.
  static var adminTTL: Int64 { 300_000 }

  /// The role of administrators: only an operator at the command line gives it.
  static var adminRole: String { RoleList.ownPrefix + "admin" }

  /// The bearer of a token for the admin API alone, who is an administrator at this moment.
  /// - Parameters:
  ///   - isDPoP: whether the token came by the scheme `DPoP`.
  ///   - evidence: what the request shows; a bound token is good with it alone.
  package func administrator(
    _ token: String, isDPoP: Bool = false, _ evidence: Evidence = .none
  ) async throws(Refusal) -> Bearer {
    let bearer = try await bearer(token, audience: adminAudience, isDPoP: isDPoP, evidence)
    guard isAdministration(bearer.session.audience) else {
      throw Refusal(.invalidToken, cause: "another_audience")
    }
    guard isAdministrator(bearer.user) else { throw Refusal(.insufficientScope, cause: "no_administrator") }
    return bearer
  }

  func isAdministrator(_ user: UserRecord) -> Bool { RoleList.read(user.roles).contains(Self.adminRole) }
}
