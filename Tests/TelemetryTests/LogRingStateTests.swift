// The ring against a list of lines, at random: what it took comes out whole and in order, however it wraps while it grows.
//
// A failure names its seed; `SIGNET_SEED=n swift test --filter LogRingState` plays that one alone.

import Glibc
import Testing

@testable import Telemetry

@Suite struct LogRingStateTests {
  @Test func keepsEveryLineHoweverItWraps() {
    let given = getenv("SIGNET_SEED").flatMap { UInt64(String(cString: $0)) }
    var (wraps, growths, refusals) = (0, 0, 0)
    for seed in given.map({ $0...$0 }) ?? 1...300 {
      var random = Numbers(state: seed)
      var mirrored = MirroredRing(capacity: Int.random(in: 50...400, using: &random))
      for number in 0..<200 {
        let length = Int.random(in: 0...mirrored.capacity / 3, using: &random)
        mirrored.append("line \(number) \(String(repeating: "x", count: length))\n")
        guard Int.random(in: 0...2, using: &random) == 0 else { continue }
        mirrored.take(Int.random(in: 1...mirrored.capacity, using: &random))
      }
      while !mirrored.ring.isEmpty, mirrored.isGood { mirrored.take(mirrored.capacity) }
      #expect(mirrored.isGood && mirrored.expected.isEmpty, "seed \(seed)")
      wraps += mirrored.wraps
      growths += mirrored.growths
      refusals += mirrored.refusals
    }
    // Were it too tame, it would show nothing.
    if given == nil { #expect(min(wraps, growths, refusals) > 50) }
  }
}

/// A ring, and beside it what it must hold.
private struct MirroredRing {
  let capacity: Int
  private(set) var ring: LogRingState
  private(set) var expected: [UInt8] = []
  private(set) var isGood = true
  /// How often the end was passed, and how often by a line that grew the ring to its end.
  private(set) var wraps = 0, growths = 0, refusals = 0
  private var chunk: [UInt8] = []
  /// Where the next byte comes to lie, and the end of those which lay anywhere so far, as the ring reckons them.
  private var tail = 0, furthest = 0

  init(capacity: Int) {
    self.capacity = capacity
    ring = LogRingState(capacity: capacity)
  }

  mutating func append(_ text: String) {
    let line = Array(text.utf8)
    let dropped = ring.dropped
    _ = ring.append(line)
    guard line.count <= capacity - expected.count else {
      refusals += 1
      isGood = isGood && ring.dropped == dropped + 1
      return
    }
    isGood = isGood && ring.dropped == dropped
    expected += line
    if tail + line.count > capacity, furthest < capacity { growths += 1 }
    furthest = max(furthest, min(capacity, tail + line.count))
    wraps += (tail + line.count) / capacity
    tail = (tail + line.count) % capacity
  }

  mutating func take(_ limit: Int) {
    ring.take(into: &chunk, limit: limit)
    // Nothing is taken only when there is nothing.
    isGood = isGood && expected.starts(with: chunk) && chunk.isEmpty == expected.isEmpty
    expected.removeFirst(min(chunk.count, expected.count))
    if expected.isEmpty { tail = 0 }
  }
}

/// SplitMix64: the same numbers for the same seed, on every machine.
private struct Numbers: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    return word ^ (word >> 31)
  }
}
