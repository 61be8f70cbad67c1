// Rotation by itself: what the schedule finds due is done in a task of its own, since making a key may take half a second,
// while the watch goes on.
//
// It belongs to the server's actor. The store decides each change with the keys it was meant for, so that whoever comes second
// changes nothing.

import Configuration
import Identity
import JOSE
import Logging
import Storage
import Telemetry

/// Sees keys through their states.
struct KeyRotation {
  private let store: any Store
  private let source: MasterKeySource
  private let clock: Clock
  private let log: Logger
  private let gauges: KeyGauges
  private let failures: Counter
  private var schedule = KeySchedule()
  private var ring: KeyRing?
  /// After a failure, not before this; milliseconds of the clock that never jumps.
  private var rests: Int64 = 0

  /// Milliseconds between a failure and the next attempt.
  private static let rest: Int64 = 10_000

  init(_ parts: Parts) {
    (store, source, clock) = (parts.store, parts.keys.source, parts.authority.clock)
    (log, gauges) = (
      parts.log, KeyGauges(parts.metrics, parts.authority.clock, parts.first.token.algorithms.map(\.rawValue))
    )
    failures = parts.metrics.counter("signet_key_failures_total", "Changes of keys that were due and failed.")
  }

  /// Takes note of the keys that are served from now on, and tells what is new about them.
  mutating func observe(_ snapshot: Snapshot) {
    let elapsed = clock.elapsed
    schedule.observe(snapshot.ring, now: clock.moment().now, elapsed: elapsed)
    for news in KeyNews.since(ring, snapshot.ring) {
      log.notice("\(news.sentence)")
      gauges.count(news)
    }
    gauges.update(snapshot, schedule, elapsed: elapsed)
    ring = snapshot.ring
  }

  /// What is to be done now; nothing for a while after a failure.
  func due(_ policy: KeyPolicy) -> [KeySchedule.Duty] {
    let elapsed = clock.elapsed
    guard elapsed >= rests else { return [] }
    return schedule.due(policy, isSettling: clock.moment().isSettling, elapsed: elapsed)
  }

  /// Tries again later.
  mutating func failed() {
    failures.add()
    rests = clock.elapsed + Self.rest
  }

  /// Does what is due, each as long as it is what was meant. Throws why the last one couldn't be done.
  @concurrent func perform(_ duties: [KeySchedule.Duty], _ policy: Policy) async throws(KeyRingError) {
    for duty in duties {
      let keys = try await UnlockedKeys.open(store, source, making: false, now: clock.moment().now)
      let moment = clock.moment()
      // It may have jumped since the duty was found.
      guard !moment.isSettling else { return }
      let act = KeyUpkeep.act(policy, keys.material.demand, moment)
      if let change = try Self.change(duty, keys, act) { _ = try await keys.perform(change) }
    }
  }

  private static func change(
    _ duty: KeySchedule.Duty, _ keys: UnlockedKeys, _ act: KeyAct
  ) throws(KeyRingError) -> KeyChange? {
    switch duty {
    case .delete(let kid): return try keys.deletion(of: kid, act)
    case .promote(let name, let active, let pending):
      guard let algorithm = SignatureAlgorithm.usable(name), keys.key(name, .active)?.kid == active,
        keys.key(name, .pending)?.kid == pending
      else { return nil }
      return try keys.promotion(of: algorithm, act)
    }
  }
}
