// The clocks of a verifier, behind a protocol so that tests can play them. Whether a token has expired is a question to
// the wall clock; how old the keys are is one to a clock which no step of the wall clock touches.

import Glibc

/// The clocks that a verifier reads.
public protocol TimeSource: Sendable {
  /// Whole seconds since 1970, by the wall clock: what `exp`, `nbf` and `iat` are held against.
  var now: Int64 { get }

  /// Milliseconds by a clock which never goes back, never jumps, and goes on while the machine sleeps.
  var elapsed: Int64 { get }

  /// Returns when so many milliseconds have passed, or earlier when the task is cancelled.
  func sleep(milliseconds: Int64) async
}

/// The machine's own clocks.
public struct SystemTime: TimeSource {
  /// Reads the system's clocks.
  public init() {}

  /// Seconds since 1970, by CLOCK_REALTIME.
  public var now: Int64 { Self.read(CLOCK_REALTIME) / 1000 }

  /// Milliseconds since the machine was started, by CLOCK_BOOTTIME.
  public var elapsed: Int64 { Self.read(CLOCK_BOOTTIME) }

  /// Sleeps in the task; no thread is held.
  public func sleep(milliseconds: Int64) async { try? await Task.sleep(for: .milliseconds(milliseconds)) }

  private static func read(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    unsafe clock_gettime(clock, &time)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
  }
}
