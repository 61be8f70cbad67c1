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

  /// The `client_id` of this service at Signet: a confidential client with a secret. It is shown what concerns the
  /// audiences registered for it.
  public var clientID: String
  /// Its secret.
  public var clientSecret: String
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

  /// A subscription as this client.
  public init(clientID: String, clientSecret: String, whenSilent: WhenSilent) {
    self.clientID = clientID
    self.clientSecret = clientSecret
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
    guard !clientID.isEmpty, !clientSecret.isEmpty else {
      throw VerifierSetupError("revocations needs the id and the secret of a confidential client of Signet")
    }
  }
}
