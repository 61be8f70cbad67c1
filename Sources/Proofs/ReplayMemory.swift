// Which proofs were used already, so that nobody uses one a second time (RFC 9449 section 11.1).
//
// A proof is remembered by its creation (`iat`) for as long as it could be taken, in buckets of ten seconds that are
// dropped whole. Nothing else is ever forgotten: a full memory takes no further proof. Where a clock that jumped ahead has
// emptied it, `iat` says no longer what was seen, and a nonce has to.

/// The proofs of one share of the keys.
package struct ReplayMemory {
  /// What is known of a proof.
  package enum Finding: Equatable, Sendable {
    /// It is new, and from now on known.
    case new
    case replayed
    /// It was created before the memory reaches back.
    case unknown
    /// There is no room to remember it.
    case full
  }

  /// The width of a bucket, in milliseconds.
  private static let width: Int64 = 10_000

  private let capacity: Int
  private let lifetime: Int64
  private var buckets: [Int64: Set<UInt64>] = [:]
  private var sweptAt = Int64.min
  /// What was created before has been forgotten, in milliseconds since 1970.
  private var horizon = Int64.min
  /// Proofs in it.
  package private(set) var count = 0

  /// - Parameters:
  ///   - capacity: the most proofs it holds.
  ///   - lifetime: for how long after its creation a proof is taken, in milliseconds.
  package init(capacity: Int, lifetime: Int64) { (self.capacity, self.lifetime) = (capacity, lifetime) }

  /// Notes a proof. Times are milliseconds since 1970.
  /// - Parameters:
  ///   - id: what tells it from others.
  ///   - hasNonce: whether a nonce says that it is newer than the memory.
  package mutating func note(_ id: UInt64, createdAt: Int64, hasNonce: Bool, now: Int64) -> Finding {
    let bucket = Self.bucket(createdAt)
    if Self.bucket(now) != sweptAt { sweep(now) }
    if buckets[bucket]?.contains(id) == true { return .replayed }
    guard createdAt >= horizon || hasNonce else { return .unknown }
    guard count < capacity else { return .full }
    buckets[bucket, default: []].insert(id)
    count += 1
    return .new
  }

  private mutating func sweep(_ now: Int64) {
    sweptAt = Self.bucket(now)
    for (bucket, proofs) in buckets where (bucket + 1) * Self.width + lifetime <= now {
      horizon = max(horizon, (bucket + 1) * Self.width)
      count -= proofs.count
      buckets[bucket] = nil
    }
  }

  private static func bucket(_ time: Int64) -> Int64 { time / width }
}
