// Both clocks, read together once a tick.

import Glibc

struct Clock {
  /// Microseconds on `CLOCK_MONOTONIC`, for deadlines and durations.
  let monotonic: Int
  /// Milliseconds since 1970 on `CLOCK_REALTIME`, for what people read.
  let wall: Int

  init() {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    monotonic = time.tv_sec * 1_000_000 + time.tv_nsec / 1000
    clock_gettime(CLOCK_REALTIME, &time)
    wall = time.tv_sec * 1000 + time.tv_nsec / 1_000_000
  }
}

/// Microseconds on the monotonic clock now, for durations shorter than a tick.
package func monotonicMicroseconds() -> Int {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return time.tv_sec * 1_000_000 + time.tv_nsec / 1000
}
