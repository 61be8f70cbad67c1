// How Redis is doing, for the metrics.

import Identity
import Synchronization
import Telemetry

/// Whether Redis follows, and how far behind it is.
final class RedisGauges: Sendable {
  private let isUp = Atomic<Bool>(false)
  private let through = Atomic<Int64>(0)
  private let errors: Counter

  init(_ authority: Authority) {
    let metrics = authority.metrics
    errors = metrics.counter("signet_redis_errors_total", "Attempts to tell Redis what is denied that failed.")
    metrics.gauge("signet_redis_up", "Whether Redis took what it was last told.") { [self] in
      isUp.load(ordering: .relaxed) ? 1 : 0
    }
    metrics.gauge("signet_redis_lag", "Rows of the denylist that Redis wasn't told yet.") { [self] in
      Double(max(0, authority.denylist.latest - through.load(ordering: .relaxed)))
    }
  }

  /// Redis has every row up to this one.
  func reach(_ sequence: Int64) {
    through.store(sequence, ordering: .relaxed)
    isUp.store(true, ordering: .relaxed)
  }

  func fail() {
    errors.add()
    isUp.store(false, ordering: .relaxed)
  }
}
