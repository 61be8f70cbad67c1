// Where a key set comes from: the protocol that stands between the cache and the network, and what passes through it.

/// Fetches the JWK Set (RFC 7517 section 5) of one issuer.
///
/// The verifier asks for one fetch at a time. A fetch that takes longer than ``FetchOptions/timeout`` and two seconds is
/// cancelled and counts as failed.
public protocol KeySetFetching: Sendable {
  /// Fetches the set.
  /// - Parameter entityTag: the ``KeySetAnswer/entityTag`` of the set that the verifier holds, which may be answered by
  ///   ``KeySetAnswer/Content/notModified``; nil when it holds none.
  func fetch(entityTag: String?) async throws(FetchProblem) -> KeySetAnswer
}

/// A fetched JWK Set.
public struct KeySetAnswer: Sendable {
  /// What was answered.
  public enum Content: Sendable {
    /// The set as a JSON text.
    case document([UInt8])
    /// The set is the one whose entity tag was sent.
    case notModified
  }

  /// What was answered.
  public var content: Content
  /// The answer's `ETag`, to be sent with the next fetch.
  public var entityTag: String?
  /// For how many seconds the answer may be kept; the verifier takes 300 for less or nil, and 3,600 for more.
  public var maxAge: Int64?

  /// An answer; without `maxAge` it lives for 300 seconds.
  public init(_ content: Content, entityTag: String? = nil, maxAge: Int64? = nil) {
    self.content = content
    self.entityTag = entityTag
    self.maxAge = maxAge
  }
}

/// What became of a fetch; see ``VerifierOptions/observer``.
public enum KeySetEvent: Sendable, Equatable {
  /// A set with so many usable keys is trusted from now on.
  case replaced(keys: Int)
  /// The set is the same as before.
  case unchanged
  /// The fetch failed and is repeated. While `trustsOldKeys`, tokens go on being verified with the keys held.
  case failed(FetchProblem, trustsOldKeys: Bool)
}

/// Where a verifier gets its keys.
public enum KeySource: Sendable {
  /// From `<issuer>/.well-known/jwks.json`, where Signet publishes them.
  case issuer
  /// From this `https://` URL.
  case url(String)
  /// From the JSON text of a JWK Set, for good: nothing is ever fetched, so no rotation is noticed. For tests, and where
  /// there is no network.
  case document([UInt8])
  /// From something of your own.
  case fetching(any KeySetFetching)
}
