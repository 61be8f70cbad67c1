// What an operator decides of accounts, sessions and tokens; everything here can change without a restart but the
// issuer and the algorithms.

package import Storage

/// The operator's decisions. Durations are milliseconds.
package struct Policy: Sendable, Equatable {
  package var issuer: String
  /// The audience of clients which have none registered.
  package var audience: String
  /// The JWS algorithm (RFC 7518 section 3.1) of the access tokens of clients which chose none.
  package var algorithm: String
  /// Every algorithm that clients may choose among; `algorithm` is one of them.
  package var algorithms: [String]
  package var keys: KeyPolicy
  package var accessTTL: Int64
  package var idleTTL: Int64
  package var absoluteTTL: Int64
  package var retryWindow: Int64
  package var revokesRetriesElsewhere: Bool
  package var maxSessionsPerUser: Int
  package var minimumPasswordLength: Int
  /// Whether new sessions' access tokens name a place in a status list.
  package var statusLists: Bool
  /// Whether clients can show a certificate, to this server or to a trusted proxy.
  package var takesCertificates = false
  /// Whether the refresh token's cookie is sent to the issuer by pages of other sites (`SameSite=None`).
  package var cookiesCrossSites: Bool
  /// How clients may authenticate: those by a certificate where one can be shown to this server.
  package var clientMethods: [ClientAuthentication.Method] = [.none, .basic, .post, .privateKeyJWT]

  package init(
    issuer: String, audience: String, algorithm: String, algorithms: [String] = [], keys: KeyPolicy = .standard,
    accessTTL: Int64, idleTTL: Int64,
    absoluteTTL: Int64, retryWindow: Int64, revokesRetriesElsewhere: Bool, maxSessionsPerUser: Int,
    minimumPasswordLength: Int, cookiesCrossSites: Bool = false, statusLists: Bool = false
  ) {
    self.issuer = issuer
    self.audience = audience
    self.algorithm = algorithm
    self.algorithms = algorithms.contains(algorithm) ? algorithms : [algorithm] + algorithms
    self.keys = keys
    self.accessTTL = accessTTL
    self.idleTTL = idleTTL
    self.absoluteTTL = absoluteTTL
    self.retryWindow = retryWindow
    self.revokesRetriesElsewhere = revokesRetriesElsewhere
    self.maxSessionsPerUser = maxSessionsPerUser
    self.minimumPasswordLength = minimumPasswordLength
    self.statusLists = statusLists
    self.cookiesCrossSites = cookiesCrossSites
  }

  /// How refreshing is decided. The window never passes half of the access token's life: the token that a retry repeats
  /// must still be of use.
  var refresh: RefreshPolicy {
    RefreshPolicy(
      retryWindow: min(retryWindow, accessTTL / 2), idleTTL: idleTTL, revokesRetriesElsewhere: revokesRetriesElsewhere)
  }
}
