// Which proofs were used already, so that nobody uses one a second time (RFC 9449 section 11.1).
//
// A proof is remembered by its creation (`iat`) for as long as it could be taken, in buckets of ten seconds that are
// dropped whole. Nothing else is ever forgotten: a full memory takes no further proof. Where the clock was set back to a time
// whose proofs were dropped, `iat` says no longer what was seen, and a nonce has to: one that came after all those of
// dropped proofs. So however the clock moves, nothing that was dropped is ever taken again.

/// The proofs of one share of the keys.
package struct ReplayMemory {
  /// What is known of a proof.
  package enum Finding: Equatable, Sendable {
    /// It is new, and from now on known.
    case new
    case replayed
    /// It may have been seen and forgotten.
    case unknown
    /// There is no room to remember it.
    case full
  }

  /// What was forgotten: a proof made later, or with a later nonce, is none of it. Milliseconds since 1970.
  package struct Forgotten: Sendable {
    package fileprivate(set) var createdBefore = Int64.min
    package fileprivate(set) var nonce = Int64.min
  }

  private struct Bucket {
    var proofs: Set<UInt64> = []
    var latestNonce = Int64.min

    mutating func insert(_ id: UInt64, _ nonce: Int64) {
      proofs.insert(id)
      latestNonce = max(latestNonce, nonce)
    }
  }

  /// The width of a bucket, in milliseconds.
  private static let width: Int64 = 10_000

  private let capacity: Int
  private let lifetime: Int64
  private var buckets: [Int64: Bucket] = [:]
  private var sweptAt = Int64.min
  package private(set) var forgotten = Forgotten()
  /// Proofs in it.
  package private(set) var count = 0

  /// - Parameters:
  ///   - capacity: the most proofs it holds.
  ///   - lifetime: for how long after its creation a proof is taken, in milliseconds.
  package init(capacity: Int, lifetime: Int64) { (self.capacity, self.lifetime) = (capacity, lifetime) }

  /// Notes a proof. Times are milliseconds since 1970.
  /// - Parameters:
  ///   - id: what tells it from others.
  ///   - nonce: the time of its nonce; nil without one.
  package mutating func note(_ id: UInt64, createdAt: Int64, nonce: Int64?, now: Int64) -> Finding {
    let bucket = Self.bucket(createdAt)
    if Self.bucket(now) != sweptAt { sweep(now) }
    if buckets[bucket]?.proofs.contains(id) == true { return .replayed }
    let nonce = nonce ?? .min
    guard createdAt >= forgotten.createdBefore || nonce > forgotten.nonce else { return .unknown }
    guard count < capacity else { return .full }
    buckets[bucket, default: Bucket()].insert(id, nonce)
    count += 1
    return .new
  }

  private mutating func sweep(_ now: Int64) {
    sweptAt = Self.bucket(now)
    for (bucket, dropped) in buckets where (bucket + 1) * Self.width + lifetime <= now {
      forgotten.createdBefore = max(forgotten.createdBefore, (bucket + 1) * Self.width)
      forgotten.nonce = max(forgotten.nonce, dropped.latestNonce)
      count -= dropped.proofs.count
      buckets[bucket] = nil
    }
  }

  private static func bucket(_ time: Int64) -> Int64 { time / width }
}
