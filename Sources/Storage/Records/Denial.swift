// What was ended before its access tokens expired, as the store keeps it.

/// A row of the denylist. Times are milliseconds since 1970.
package struct Denial: Sendable, Equatable {
  /// What is denied.
  package enum Subject: Sendable, Hashable {
    /// Every access token of a session; with a generation, only those of earlier ones: a session that goes on after a
    /// change of the password.
    case session(UniqueID, validFrom: UInt32?)
    /// One access token, by its `jti` (RFC 7519 section 4.1.7), 16 bytes.
    case token(UniqueID)
    /// Every token which the key of this `kid` has signed.
    case key(String)

    /// Its kind, as it stands in the store.
    package var number: Int {
      switch self {
      case .session: 1
      case .token: 2
      case .key: 3
      }
    }
  }

  /// How far the clock of a service may be behind while it still takes a token, in milliseconds: so much later than the
  /// last token a row expires.
  package static let leeway: Int64 = 300_000
  /// How long a revoked key is listed at least, in milliseconds: services are known to keep a JWK Set for half of it.
  package static let keyPeriod: Int64 = 86_400_000

  /// Its place in the order of commits: rises, and is never used twice by one store epoch.
  package let sequence: Int64
  package let subject: Subject
  /// The audience of the tokens concerned; nil: all.
  package let audience: String?
  package let deniedAt: Int64
  /// When the last of these tokens has expired, for verifiers' leeway too.
  package let expiresAt: Int64
  /// The place in the status lists which these tokens name.
  package let status: StatusPlace?

  package init(
    sequence: Int64, subject: Subject, audience: String?, deniedAt: Int64, expiresAt: Int64, status: StatusPlace? = nil
  ) {
    self.sequence = sequence
    self.subject = subject
    self.audience = audience
    self.deniedAt = deniedAt
    self.expiresAt = expiresAt
    self.status = status
  }
}

/// One access token that is to be good no longer, though its session, if it has one, goes on. Times are milliseconds since
/// 1970.
package struct TokenDenial: Sendable {
  /// Its `jti`.
  package let id: UniqueID
  package let audience: String?
  /// Its `exp`.
  package let expiresAt: Int64
  /// The place in the status lists that it names, which may be an older one than its session's.
  package let status: StatusPlace?
  /// Whose it is, for the audit trail.
  package let userID: UniqueID?
  package let sessionID: UniqueID?
  package let clientID: String?
  package let now: Int64
  package let context: RequestContext

  package init(
    id: UniqueID, audience: String?, expiresAt: Int64, status: StatusPlace? = nil, userID: UniqueID? = nil,
    sessionID: UniqueID? = nil, clientID: String?, now: Int64, context: RequestContext
  ) {
    self.id = id
    self.audience = audience
    self.expiresAt = expiresAt
    self.status = status
    self.userID = userID
    self.sessionID = sessionID
    self.clientID = clientID
    self.now = now
    self.context = context
  }
}

/// What the denylist is asked of: an access token, as far as it may be denied.
package struct DeniableToken: Sendable {
  /// Its `sid`; nil for a token without a session.
  package let session: UniqueID?
  /// The generation of its session in which it was issued.
  package let generation: UInt32
  /// Its `jti`.
  package let id: UniqueID

  package init(session: UniqueID?, generation: UInt32, id: UniqueID) {
    self.session = session
    self.generation = generation
    self.id = id
  }
}
