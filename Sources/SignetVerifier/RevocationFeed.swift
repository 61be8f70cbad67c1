// How a verifier learns that tokens are refused before they expire: what the service chooses, and what it is told.

/// Signet's feed of revocations, by which a verifier refuses the tokens of a session that has ended within moments.
///
/// There is one thing to be chosen, and it has no default: what becomes of tokens while nothing is heard from the feed,
/// so that nobody can tell whether they were denied.
public struct RevocationFeed: Sendable {
  /// What becomes of good tokens while the feed is silent.
  public enum WhenSilent: Sendable {
    /// They are taken, as without a feed: until they expire, minutes later.
    case failOpen
    /// They are refused with ``VerificationError/revocationsUnavailable(_:)`` (503): nobody whose session has ended gets in,
    /// and while the issuer is down nobody else does.
    case failClosed
  }

  /// How this service proves which client it is: by the method that is registered for it, and no other.
  public enum Authentication: Sendable {
    /// `client_secret_basic`: the secret in the field `Authorization`.
    case basic(secret: String)
    /// `client_secret_post`: the secret in a form.
    case post(secret: String)
    /// `private_key_jwt` (RFC 7523): a JWT signed by the client's key, asked for at each connection, since Signet takes each
    /// once. `iss` and `sub` are the client's id, `aud` the issuer, `exp` is a minute ahead, and `jti` never the same.
    /// When it takes longer than ``FetchOptions/timeout`` its task is cancelled, and the connection is tried again later.
    case assertion(@Sendable () async throws -> String)
  }

  /// The `client_id` of this service at Signet: a confidential client. It is shown what concerns the audiences registered
  /// for it.
  public var clientID: String
  /// How it proves that.
  public var authentication: Authentication
  /// What becomes of good tokens while the feed is silent.
  public var whenSilent: WhenSilent
  /// For how long nothing may be heard before the feed counts as silent; 45 seconds, at least 20, at most an hour.
  ///
  /// Signet says something every 15 seconds at least. A connection that was lost and is restored within this time, as when
  /// Signet is restarted, is no silence: what was missed is told then.
  public var silence = Duration.seconds(45)
  /// The feed's `https://` URL; nil for `<issuer>/v1/revocations`.
  public var url: String?
  /// The most denied tokens and sessions that are held, 45 to 90 bytes each; 1,000,000, at most 10,000,000. One more,
  /// and the feed counts as silent until some have expired.
  public var mostEntries = 1_000_000
  /// Is told how the subscription fares, for logs and metrics; it should be quick.
  public var observer: (@Sendable (RevocationEvent) -> Void)?

  /// Tests bring their own.
  var source: (any RevocationSource)?

  /// A subscription as a client with `client_secret_basic`, as clients are registered unless said otherwise.
  public init(clientID: String, clientSecret: String, whenSilent: WhenSilent) {
    self.init(clientID: clientID, authentication: .basic(secret: clientSecret), whenSilent: whenSilent)
  }

  /// A subscription as this client.
  public init(clientID: String, authentication: Authentication, whenSilent: WhenSilent) {
    self.clientID = clientID
    self.authentication = authentication
    self.whenSilent = whenSilent
  }
}

/// How a subscription fares; see ``RevocationFeed/observer``.
public enum RevocationEvent: Sendable, Equatable {
  /// Everything that is denied is known, so many sessions and tokens; what comes is told at once.
  case current(entries: Int)
  /// The connection was lost or couldn't be made; it is tried again. Not yet silence.
  case interrupted(FetchProblem)
}

extension RevocationFeed {
  func check() throws(VerifierSetupError) {
    try VerifierOptions.check(silence, within: 20...3600, "revocations.silence")
    guard (1...10_000_000).contains(mostEntries) else {
      throw VerifierSetupError("revocations.mostEntries must be between 1 and 10000000")
    }
    let hasSecret =
      switch authentication {
      case .basic(let secret), .post(let secret): !secret.isEmpty
      case .assertion: true
      }
    guard !clientID.isEmpty, hasSecret else {
      throw VerifierSetupError("revocations needs the id and the secret of a confidential client of Signet")
    }
  }
}
