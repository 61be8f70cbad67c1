// A request that is refused: what the client is told, and what only the operator learns.

import Storage

/// A refusal. `code` is the RFCs' word for the client; `cause` is ours, for the log, the audit trail and the metric.
package struct Refusal: Error, Sendable, Equatable {
  /// What the client is told.
  package enum Code: Sendable, Equatable {
    /// Malformed; the sentence says which member and why (RFC 6749 section 5.2).
    case invalidRequest(String)
    /// The body has another media type than the endpoint takes (RFC 9110 section 15.5.16).
    case unsupportedMediaType(String)
    /// Unknown user, wrong password, disabled: never which.
    case invalidCredentials
    /// A refresh token that isn't good, or no longer (RFC 6749 section 5.2).
    case invalidGrant
    /// An access token that isn't good, or no longer (RFC 6750 section 3.1).
    case invalidToken
    /// No access token where one is needed: a challenge without an error (RFC 6750 section 3.1).
    case missingToken
    /// A DPoP proof where tokens are issued; the sentence says what is wrong (RFC 9449 section 5).
    case invalidDPoPProof(String)
    /// It needs this nonce (RFC 9449 section 8).
    case useDPoPNonce(String)
    /// The same where an access token is used, as challenges (RFC 9449 section 7.1).
    case challengedProof(String)
    case challengedNonce(String)
    case challengedScope
    /// A bound token as a bearer token, one that isn't bound by the scheme `DPoP`, or one by it that isn't good.
    case invalidBoundToken
    /// A token that is bound to a key, where nobody can check that (RFC 9449 section 7.2).
    case unverifiableToken
    case invalidClient
    /// The access token is good, and gives no right to this (RFC 6750 section 3.1).
    case insufficientScope
    /// Not for whoever asks, or not for anybody (RFC 9110 section 15.5.4); says why.
    case forbidden(String)
    /// Something is otherwise than the request takes it to be.
    case conflict(String)
    case invalidScope
    /// RFC 8707 section 2.
    case invalidTarget
    case unauthorizedClient
    case unsupportedGrantType
    /// RFC 7009 section 2.2.1.
    case unsupportedTokenType
    case notFound(String)
    /// Too busy, or the store can't be written; come back after so many seconds.
    case temporarilyUnavailable(retryAfter: Int)
    /// A bug or a failure of ours; never with detail.
    case serverError
  }

  package let code: Code
  package let cause: String

  /// The cause when a token is good, but for another client than the one that asks.
  static let wrongClient = RefreshRefusal.wrongClient.rawValue

  /// Whether a refresh token was found to be no good, and not only in this request: by another client's page, without the
  /// certificate, while the clock settles.
  package var isOfASpentToken: Bool {
    let passing: [RefreshRefusal] = [.wrongClient, .uncertified, .clock]
    return code == .invalidGrant && !passing.contains { $0.rawValue == cause }
  }

  package init(_ code: Code, cause: String) {
    self.code = code
    self.cause = cause
  }
}
