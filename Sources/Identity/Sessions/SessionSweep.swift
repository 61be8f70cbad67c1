// Sessions that are over leave the store: a step, a pause, a step, until every row was looked at; then again after a while.
//
// They stay for a day after their end, so that an old refresh token is still told for what it is, reuse or a session that
// was revoked, and who reads the audit trail still finds what it names. Nothing goes before the clock has settled: a deletion
// can't be undone, and who ended a session that is gone would deny none of its tokens.

import Storage
import Telemetry

/// The sweep over the sessions of one store.
package struct SessionSweep {
  /// How long a session is kept after its end, in milliseconds.
  package static let grace: Int64 = 86_400_000
  /// From the end of one sweep to the next, in milliseconds.
  package static let interval = 600_000
  /// What one step costs the store is in proportion to the deletions, each of which touches a page of its own in the
  /// index of users: 200 are some 3 ms of the writer with 5,000,000 sessions.
  private static let step = SweepStep(rows: 1000, removals: 200)
  /// A step that took 3 ms is followed by 60 ms of pause, and one that had to wait in a busy writer's queue by more: so the
  /// sweep has a twentieth of the store at most, and less when others need it.
  private static let share = 20
  private static let shortestPause = 50
  /// Until the next attempt, when the clock or the store isn't fit for one.
  private static let rest = 10_000

  private let authority: Authority
  private let removed: Counter
  private var cursor: UniqueID?

  package init(_ authority: Authority) {
    self.authority = authority
    removed = authority.metrics.counter(
      "signet_sessions_removed_total", "Sessions deleted because they had been over for a day.")
  }

  /// Does one step.
  /// - Returns: milliseconds until the next is due.
  package mutating func step() async -> Int {
    let (settled, began) = (authority.clock.moment().settled, authority.clock.elapsed)
    guard settled > .min else { return Self.rest }
    do {
      let sweep = try await authority.store.sweepSessions(
        after: cursor, before: settled - Self.grace, step: Self.step)
      removed.add(sweep.removed)
      cursor = sweep.next
    } catch { return Self.rest }
    guard cursor != nil else { return Self.interval }
    return max(Self.shortestPause, Self.share * Int(authority.clock.elapsed - began))
  }
}
