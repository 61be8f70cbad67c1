// Rows of the denylist leave the store and memory once what they speak of has expired: a step, a pause, a step.
//
// Nothing goes before the clock has settled: what it takes for expired may be good again a moment later.

import Storage

/// The sweep over the denylist.
package struct DenialSweep {
  /// From the end of one sweep to the next, in milliseconds.
  private static let interval = 60_000
  /// A deletion touches a page of its own in the index of ids: 200 are some 3 ms of the writer with 1,000,000 rows.
  private static let step = SweepStep(rows: 2000, removals: 200)
  private static let pause = 50
  /// Until the next attempt, when the clock or the store isn't fit for one.
  private static let rest = 10_000

  private let authority: Authority
  private var cursor: Int64 = 0

  package init(_ authority: Authority) { self.authority = authority }

  /// Does one step.
  /// - Returns: milliseconds until the next is due.
  package mutating func step() async -> Int {
    let settled = authority.clock.moment().settled
    guard settled > .min else { return Self.rest }
    do {
      let next = try await authority.store.sweepDenials(after: cursor, before: settled, step: Self.step).next
      cursor = next ?? 0
      guard next == nil else { return Self.pause }
    } catch { return Self.rest }
    authority.denylist.removeExpired(before: settled)
    return Self.interval
  }
}
