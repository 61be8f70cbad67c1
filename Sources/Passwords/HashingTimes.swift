// How long hashes take, by their parameters: moving averages of what the threads measured. The pool's lock protects it.

struct HashingTimes {
  /// Nanoseconds. The stored hashes decide how many sets of parameters there are, so the table has a bound.
  private var averages: [Argon2Parameters: UInt64] = [:]
  private static let bound = 16
  /// The average over all hashes, in nanoseconds: what a job in the queue will probably take.
  private(set) var overall: UInt64 = 0

  /// What the slowest parameters that were met take, in nanoseconds; 0 until something was measured.
  var slowest: UInt64 { averages.values.max() ?? 0 }

  mutating func record(_ parameters: Argon2Parameters, nanoseconds: UInt64) {
    overall = Self.moved(overall, by: nanoseconds)
    averages[parameters] = Self.moved(averages[parameters] ?? 0, by: nanoseconds)
    // The fastest goes: it is the one which doesn't change `slowest`.
    if averages.count > Self.bound, let fastest = averages.min(by: { $0.value < $1.value }) {
      averages[fastest.key] = nil
    }
  }

  /// An eighth of the way from the average to the new measurement; the first measurement is the average.
  private static func moved(_ average: UInt64, by sample: UInt64) -> UInt64 {
    average == 0 ? max(1, sample) : average - average / 8 + sample / 8
  }
}
