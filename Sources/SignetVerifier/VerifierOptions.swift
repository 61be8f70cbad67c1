// What a service may choose. Issuer and audience are not here: they have no default, so nobody can forget them.

/// A verifier's settings, each with the default that fits most services.
public struct VerifierOptions: Sendable {
  /// How far the clocks of issuer and service may differ; 30 seconds, at most 5 minutes.
  ///
  /// A token is taken for so much longer after `exp`, and so much earlier than `nbf` and `iat`.
  public var leeway = Duration.seconds(30)

  /// How long keys are trusted while no good answer can be had from the issuer, counted from the last good one;
  /// 24 hours, at most 30 days.
  ///
  /// Until then an issuer that is down stops nobody; afterwards every verification throws
  /// ``VerificationError/keysUnavailable(_:)``. Shorter than an answer's own life (5 to 60 minutes) means just that life.
  public var staleFor = Duration.seconds(86_400)

  /// The largest token that is looked at, in bytes; 16 KiB, at least 1 KiB, at most 1 MiB.
  public var largestToken = 16 << 10

  /// The claim that holds the user's roles, an array of strings.
  public var rolesClaim = "roles"

  /// The service's own private keys, a JWK or a JWK Set as JSON text, where Signet encrypts its tokens to it; nil where it
  /// doesn't. With keys, a token that isn't encrypted is refused (RFC 9068 section 4), unless ``acceptsUnencrypted``.
  public var decryptionKeys: [UInt8]?

  /// Whether tokens that aren't encrypted are taken in spite of ``decryptionKeys``, for the time of a change.
  public var acceptsUnencrypted = false

  /// By what the verifier learns that tokens are denied before they expire; nil: by nothing, a token is good until then.
  public var revocations: RevocationFeed?

  /// How DPoP proofs are checked.
  public var proofs = ProofOptions()

  /// How keys are fetched, and the feed of revocations is reached.
  public var fetching = FetchOptions()

  /// Is told what became of each fetch, for logs and metrics; on a task of the verifier's, so it should be quick.
  public var observer: (@Sendable (KeySetEvent) -> Void)?

  /// The clocks; tests bring their own.
  public var time: any TimeSource = SystemTime()

  /// The defaults.
  public init() {}
}

/// How a JWK Set is fetched.
public struct FetchOptions: Sendable {
  /// How long a fetch may take in all, and so long the making of an assertion; 10 seconds, at least 1, at most 60.
  public var timeout = Duration.seconds(10)

  /// A PEM file of the authorities that may sign the server's certificate, instead of the system's.
  public var authorityFile: String?

  /// Whether `http://` is taken for other hosts than this machine. Whoever stands between could then replace the keys,
  /// and so make any token: only for networks in which everything is trusted.
  public var allowsPlainHTTP = false

  /// Whether the proxies in `https_proxy`, `http_proxy` and `no_proxy` are used.
  public var usesEnvironmentProxies = false

  /// The defaults.
  public init() {}
}

/// Why a verifier can't be made as asked.
public struct VerifierSetupError: Error, Equatable, Sendable, CustomStringConvertible {
  /// What is wrong, and the mend.
  public let description: String

  init(_ description: String) { self.description = description }
}

extension VerifierOptions {
  func check() throws(VerifierSetupError) {
    try Self.check(leeway, within: 0...300, "leeway")
    try Self.check(staleFor, within: 0...2_592_000, "staleFor")
    try Self.check(fetching.timeout, within: 1...60, "fetching.timeout")
    guard (1 << 10...1 << 20).contains(largestToken) else {
      throw VerifierSetupError("largestToken must be between 1 KiB and 1 MiB")
    }
    guard (1 << 10...1 << 24).contains(proofs.mostRemembered) else {
      throw VerifierSetupError("proofs.mostRemembered must be between 1024 and 16777216")
    }
    guard (proofs.nonceKey?.count ?? 32) >= 32 else {
      throw VerifierSetupError("proofs.nonceKey must have at least 32 bytes, random ones")
    }
    guard !rolesClaim.isEmpty else { throw VerifierSetupError("rolesClaim is empty; name a claim, such as roles") }
  }

  static func check(
    _ value: Duration, within seconds: ClosedRange<Int64>, _ name: String
  ) throws(VerifierSetupError) {
    guard value >= .seconds(seconds.lowerBound), value <= .seconds(seconds.upperBound) else {
      throw VerifierSetupError("\(name) must be between \(seconds.lowerBound) and \(seconds.upperBound) seconds")
    }
  }
}

extension Duration {
  /// Whole milliseconds; for values within the options' bounds.
  var milliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }
}
