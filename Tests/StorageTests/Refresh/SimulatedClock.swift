// A wall clock that jumps, watched as the server watches its own: a step of over 30 s keeps what can't be undone waiting
// for 5 minutes. Time passes only when the simulation says so.

/// The simulation's time, in milliseconds.
struct SimulatedClock {
  /// What really passed.
  private(set) var real: Int64 = 0
  private var offset: Int64 = 1_700_000_000_000
  private var known: Int64 = 1_700_000_000_000
  private var settledAt = Int64.min

  mutating func pass(_ milliseconds: Int64) { real += milliseconds }

  mutating func jump(_ milliseconds: Int64) { offset += milliseconds }

  /// One reading: the wall time, and whether the clock is settling.
  mutating func moment() -> (now: Int64, isSettling: Bool) {
    if abs(offset - known) > 30_000 {
      known = offset
      settledAt = real + 300_000
    }
    return (real + offset, real < settledAt)
  }
}

/// SplitMix64: the same numbers for the same seed, on every machine.
struct SeededRandom: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    return word ^ (word >> 31)
  }

  mutating func happens(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }
}
