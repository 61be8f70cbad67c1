// However the clock moves and the process starts anew, a used proof is never good again, and an honest client always gets in.
//
// A failure names its seed; `SIGNET_SEED=n swift test --filter MovedClockTests` plays that one again.

import Glibc
import Proofs
import Testing

@Suite struct MovedClockTests {
  private let maker: ProofMaker

  init() throws { maker = try ProofMaker() }

  private func proof(_ side: Side, at time: Int64, createdAt: Int64? = nil) throws -> String {
    try maker.proof([
      "nonce": "\"\(side.nonces.nonce(now: time))\"", "iat": "\(Double(createdAt ?? time) / 1000)",
    ])
  }

  /// Its memory has forgotten what was used before the jump, and the nonce from then says nothing.
  @Test func aUsedNonceAfterAJump() throws {
    let side = try Side(), used = try proof(side, at: now)
    #expect(side.refusal(used) == nil)
    // Enough to touch every share of the memory.
    for _ in 0..<500 { _ = side.refusal(try maker.proof(["iat": "\(now / 1000 + 3600)"]), at: now + 3_600_000) }
    #expect(side.refusal(used, at: now + 1000) == .needsNonce)
    let later = try proof(side, at: now + 1000)
    #expect(side.refusal(later, at: now + 1000) == nil)
    #expect(side.refusal(later, at: now + 1000) == .replayed)
  }

  /// The nonces of the first moments differ between two starts, however soon the second follows.
  @Test func twoStartsAtOnce() throws {
    let first = try Side(startedAt: now), used = try proof(first, at: now + 10)
    #expect(first.refusal(used, at: now + 10) == nil)
    let second = try Side(startedAt: now + 20)
    for time: Int64 in [20, 1000, 14_000, 29_000, 59_000] {
      #expect(second.refusal(used, at: now + time) == .needsNonce)
    }
    // One made before its start, by a client that has asked; any other node takes it too.
    let old = try proof(second, at: now + 30, createdAt: now - 5000)
    #expect(second.refusal(old, at: now + 30) == nil)
    #expect(try Side().refusal(old, at: now + 30) == nil)
    // Another node's clock is ahead, and gives nonces from there: taken before the restart, they aren't after it.
    let ahead = try Side()
    let usedAhead = try proof(ahead, at: now + 14_000, createdAt: now)
    #expect(try Side().refusal(usedAhead, at: now) == nil)
    #expect(second.refusal(usedAhead, at: now + 14_100) == .needsNonce)
  }

  /// Walks of the clock, forth and back, with starts between them while it goes forth.
  @Test func walks() throws {
    let seed = getenv("SIGNET_SEED").flatMap { UInt64(String(cString: $0)) } ?? .random(in: 0..<1 << 32)
    print("walks of the clock: SIGNET_SEED=\(seed)")
    var random = SplitMix(state: seed)
    for _ in 0..<2 { try walk(&random, seed) }
  }

  private func walk(_ random: inout SplitMix, _ seed: UInt64) throws {
    var side = try Side(startedAt: now), used: [(proof: String, createdAt: Int64)] = []
    var (time, latest) = (now, now)
    for step in 0..<150 {
      let old = time
      switch Int.random(in: 0..<12, using: &random) {
      case 0: time += .random(in: 0..<7_200_000, using: &random)
      case 1, 2: time -= .random(in: 0..<7_200_000, using: &random)
      case 3: time -= .random(in: 0..<90_000, using: &random)
      default: time += .random(in: 0..<15_000, using: &random)
      }
      latest = max(latest, time)
      // What another process did in a time that is still to come is beyond anybody's knowledge.
      if step % 5 == 0, old <= time, time == latest { side = try Side(startedAt: time) }
      try enter(side, at: time, &random, &used, "SIGNET_SEED=\(seed), step \(step)")
      for (proof, createdAt) in used where abs(time - createdAt) < 80_000 {
        #expect(side.refusal(proof, at: time) != nil, "SIGNET_SEED=\(seed), step \(step)")
      }
    }
    #expect(used.count >= 200)
  }

  /// Clients whose clocks lag: the first try without a nonce, and then with the one they are told. A third is for those
  /// between whose tries the one they were told was forgotten.
  private func enter(
    _ side: Side, at time: Int64, _ random: inout SplitMix, _ used: inout [(proof: String, createdAt: Int64)],
    _ place: String
  ) throws {
    for _ in 0..<2 {
      let createdAt = (time - .random(in: 0..<58_000, using: &random)) / 1000 * 1000
      var attempt = try maker.proof(["iat": "\(createdAt / 1000)"])
      var refusal = side.refusal(attempt, at: time)
      for _ in 0..<2 where refusal == .needsNonce {
        attempt = try proof(side, at: time, createdAt: createdAt)
        refusal = side.refusal(attempt, at: time)
      }
      #expect(refusal == nil, "\(place)")
      used.append((attempt, createdAt))
    }
  }
}

/// Random numbers that a seed repeats (Steele, Lea and Flood's SplitMix64).
private struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
    return word ^ word >> 31
  }
}
