// How long things took: a count for each bucket, and the sum.
//
// Like a counter, a histogram handle is one cell that belongs to one loop; `Metrics` adds the cells up. The sum is kept
// in whole nanoseconds, so that it needs no floating-point atomic: 292 years fit.

/// A distribution of durations over fixed buckets; copies observe into the same cell.
package struct Histogram: Sendable {
  private let bounds: [Double]
  private let buckets: [Counter]
  private let nanoseconds = Counter()

  /// Buckets from half a millisecond to ten seconds, for answers to requests.
  package static let seconds: [Double] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
  ]

  /// Makes a histogram which no registry writes; `bounds` are upper ends in seconds, rising.
  package init(buckets bounds: [Double] = Histogram.seconds) {
    self.bounds = bounds
    buckets = (0...bounds.count).map { _ in Counter() }
  }

  /// Counts one duration; a negative one or one that is no number counts as zero.
  package func observe(seconds: Double) {
    let seconds = seconds > 0 ? min(seconds, 1e9) : 0
    var index = 0
    while index < bounds.count, seconds > bounds[index] { index += 1 }
    buckets[index].add()
    nanoseconds.add(Int(seconds * 1e9))
  }

  /// What each bucket alone has counted, the last being the one without an upper end.
  package var counts: [Int] { buckets.map(\.value) }

  /// The sum of everything observed, in seconds.
  package var sum: Double { Double(nanoseconds.value) / 1e9 }
}
