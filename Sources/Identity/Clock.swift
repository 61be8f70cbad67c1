// The wall clock, watched against one that never jumps.
//
// After a step of over 30 s nothing irreversible may follow from a time for 5 minutes: an operator or NTP may be about
// to step it back. The check costs two reads of the vDSO and is made at every reading, so no request slips in between.

import Glibc
import Synchronization

/// The wall clock, and whether it jumped lately.
package final class Clock: Sendable {
  /// A step larger than this is a jump, in milliseconds.
  package static let jump: Int64 = 30_000
  /// How long a jump keeps irreversible decisions waiting, in milliseconds.
  package static let settling: Int64 = 300_000

  /// What a clock is read from, so that tests can play one.
  package struct Source: Sendable {
    let wall: @Sendable () -> Int64
    let boot: @Sendable () -> Int64

    package init(wall: @escaping @Sendable () -> Int64, boot: @escaping @Sendable () -> Int64) {
      self.wall = wall
      self.boot = boot
    }

    /// CLOCK_REALTIME against CLOCK_BOOTTIME, which also counts while the machine sleeps.
    package static let system = Source(
      wall: { Clock.milliseconds(CLOCK_REALTIME) }, boot: { Clock.milliseconds(CLOCK_BOOTTIME) })
  }

  /// One reading of the clock.
  package struct Moment: Sendable {
    /// Milliseconds since 1970.
    package let now: Int64
    /// Whether the clock jumped less than `settling` ago.
    package let isSettling: Bool
    /// What ended before this has ended by any clock: `now`, once the clock has gone without a jump for `settling`, since this
    /// process began too, which can't know of a jump that NTP is about to make. Until then nothing has.
    package let settled: Int64
  }

  private let source: Source
  private let offset: Atomic<Int64>
  private let settledAt = Atomic<Int64>(.min)
  private let startedAt: Int64

  package init(_ source: Source = .system) {
    self.source = source
    startedAt = source.boot()
    offset = Atomic(source.wall() - startedAt)
  }

  /// The time, and whether to trust it with what can't be undone.
  package func moment() -> Moment {
    let (wall, boot) = (source.wall(), source.boot())
    let known = offset.load(ordering: .acquiring)
    if abs(wall - boot - known) > Self.jump {
      // In this order: whoever takes the new offset for the usual one must also see that it is settling.
      settledAt.store(boot + Self.settling, ordering: .relaxed)
      offset.store(wall - boot, ordering: .releasing)
    }
    let isSettling = boot < settledAt.load(ordering: .relaxed)
    let hasSettled = !isSettling && boot - startedAt >= Self.settling
    return Moment(now: wall, isSettling: isSettling, settled: hasSettled ? wall : .min)
  }

  /// Another number after each jump that was seen.
  package var jumps: Int64 { settledAt.load(ordering: .relaxed) }

  /// Milliseconds of the clock that never jumps, for measuring.
  package var elapsed: Int64 { source.boot() }

  private static func milliseconds(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
  }
}
