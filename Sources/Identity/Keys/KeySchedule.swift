// When keys rotate and go: a pure state machine, asked a few times a second.
//
// Clocks jump, and what happens to a key can't be undone. So in a running process a key's age goes on with the clock that never
// jumps, from what the wall clock said when the key was first seen in its state; a time in the future counts as now. What was
// not seen by this process may have been stamped, or may be read, by a clock that was wrong. Therefore two things are waited
// for in any case, however old a key seems: before it signs, that every verifier which keeps to `max-age` has had the time to
// fetch it twice from this process; before it goes, that the tokens which lived longest have expired before this process's eyes.

package import JOSE
import Storage

/// Decides what is due. Times are milliseconds.
package struct KeySchedule: Sendable {
  /// What is to be done.
  package enum Duty: Sendable, Equatable {
    /// The pending key of this algorithm takes over from the active one, these two and no others.
    case promote(String, active: String, pending: String)
    /// A retired key's last token has expired.
    case delete(String)
  }

  private struct Sight {
    let state: KeyState
    /// When the state began, by the wall clock then; nil: it hasn't begun (a pending key that isn't published).
    let stamp: Int64?
    /// How old it seemed when it was first seen.
    let age: Int64
    /// When that was, by the clock that never jumps.
    let seenAt: Int64
  }

  private var sights: [String: Sight] = [:]
  private var entries: [KeyRing.Entry] = []

  package init() {}

  /// Takes note of the keys as they are now.
  /// - Parameter elapsed: the clock that never jumps.
  package mutating func observe(_ ring: KeyRing, now: Int64, elapsed: Int64) {
    entries = ring.entries.filter { $0.state != .revoked }
    var next: [String: Sight] = [:]
    for entry in entries {
      let known = sights[entry.jwk.kid]
      if let known, known.state == entry.state, known.stamp == entry.began {
        next[entry.jwk.kid] = known
      } else {
        let age = entry.began.map { max(0, now - $0) } ?? 0
        next[entry.jwk.kid] = Sight(state: entry.state, stamp: entry.began, age: age, seenAt: elapsed)
      }
    }
    sights = next
  }

  /// What is due. Nothing is while the clock is settling.
  package func due(_ policy: KeyPolicy, isSettling: Bool, elapsed: Int64) -> [Duty] {
    guard !isSettling else { return [] }
    let gone = entries.filter { $0.state == .retired && mayGo($0, policy, elapsed) }.map { Duty.delete($0.jwk.kid) }
    return entries.filter { $0.state == .active }.compactMap { promotion($0, policy, elapsed) } + gone
  }

  /// How long a key has been in its state; for a pending one, how long it has been published. Nil for a key that isn't
  /// known.
  package func age(_ kid: String, elapsed: Int64) -> Int64? {
    guard let sight = sights[kid] else { return nil }
    return sight.stamp == nil ? 0 : sight.age + elapsed - sight.seenAt
  }

  /// In how long the key of an algorithm is rotated by itself; nil when it isn't.
  package func untilRotation(_ algorithm: SignatureAlgorithm, _ policy: KeyPolicy, elapsed: Int64) -> Int64? {
    func entry(_ state: KeyState) -> KeyRing.Entry? {
      entries.first { $0.jwk.algorithm == algorithm && $0.state == state }
    }
    guard let active = entry(.active), let pending = entry(.pending) else { return nil }
    guard active.rotationRequestedAt != nil || policy.rotateEvery > 0 else { return nil }
    let old = active.rotationRequestedAt != nil ? 0 : policy.rotateEvery - (age(active.jwk.kid, elapsed: elapsed) ?? 0)
    return max(0, old, untilReady(pending, policy, elapsed))
  }

  private func promotion(_ active: KeyRing.Entry, _ policy: KeyPolicy, _ elapsed: Int64) -> Duty? {
    let isOld =
      policy.rotateEvery > 0 && (age(active.jwk.kid, elapsed: elapsed) ?? 0) >= policy.rotateEvery
    guard isOld || active.rotationRequestedAt != nil else { return nil }
    let pending = entries.first { $0.jwk.algorithm == active.jwk.algorithm && $0.state == .pending }
    guard let pending, sights[pending.jwk.kid]?.stamp != nil, untilReady(pending, policy, elapsed) <= 0 else {
      return nil
    }
    return .promote(active.jwk.algorithm.rawValue, active: active.jwk.kid, pending: pending.jwk.kid)
  }

  /// In how long a pending key has been published for long enough.
  private func untilReady(_ pending: KeyRing.Entry, _ policy: KeyPolicy, _ elapsed: Int64) -> Int64 {
    guard let sight = sights[pending.jwk.kid], sight.stamp != nil else { return policy.publishBefore }
    let observed = elapsed - sight.seenAt
    let least = min(policy.publishBefore, 2000 * Int64(policy.maxAge))
    return max(policy.publishBefore - sight.age - observed, least - observed)
  }

  private func mayGo(_ retired: KeyRing.Entry, _ policy: KeyPolicy, _ elapsed: Int64) -> Bool {
    guard let sight = sights[retired.jwk.kid], sight.stamp != nil else { return false }
    let observed = elapsed - sight.seenAt
    return sight.age + observed >= policy.rest(tokenLifetime: retired.tokenLifetime)
      && observed >= retired.tokenLifetime + KeyPolicy.leeway
  }
}

extension KeyRing.Entry {
  /// When its state began, as far as rotation is concerned: a pending key counts from its publication.
  fileprivate var began: Int64? {
    switch state {
    case .pending: publishedAt
    case .active: activatedAt ?? createdAt
    case .retired: retiredAt
    case .revoked: nil
    }
  }
}
