// A proof is good once, for whoever asks, for as long as it could be good at all.

import Proofs
import Testing

@Suite struct ReplayTests {
  private let maker: ProofMaker

  init() throws { maker = try ProofMaker() }

  @Test func once() throws {
    let side = try Side(), proof = try maker.proof()
    #expect(side.refusal(proof) == nil)
    #expect(side.refusal(proof) == .replayed)
    #expect(side.refusal(proof, at: now + 60_000) == .replayed)
    #expect(side.refusal(proof, at: now + 60_001) == .tooOld)
    // Another event loop of the same process.
    #expect(try Side(sharing: side.replays).refusal(try maker.proof(["jti": #""a""#])) == nil)
    #expect(side.refusal(try maker.proof(["jti": #""a""#, "extra": "1"])) == .replayed)
  }

  /// A `jti` is one for its key, method and URI.
  @Test func others() throws {
    let side = try Side(), jti = ["jti": #""a""#]
    #expect(side.refusal(try maker.proof(jti)) == nil)
    #expect(side.refusal(try ProofMaker().proof(jti)) == nil)
    #expect(side.refusal(try maker.proof(jti.merging(["htm": #""GET""#]) { $1 }), method: "GET") == nil)
    #expect(
      side.refusal(
        try maker.proof(jti.merging(["htu": #""https://login.example.com/v1/me""#]) { $1 }),
        uri: "https://login.example.com/v1/me") == nil)
    // The same URI, written otherwise.
    #expect(side.refusal(try maker.proof(jti.merging(["htu": "\"\(uri)?x\""]) { $1 })) == .replayed)
  }

  @Test func afterARestart() throws {
    let proof = try maker.proof(["iat": "\(now / 1000 - 2)"])
    #expect(try Side().refusal(proof) == nil)
    // Half a second ago it began to remember; what is older may have been used.
    let side = try Side(startedAt: now - 500)
    #expect(side.refusal(proof) == .needsNonce)
    #expect(side.refusal(try maker.proof()) == nil)
    // The clock was set back meanwhile.
    let early = try Side(startedAt: now + 3_600_000)
    #expect(early.refusal(proof) == .needsNonce)
    #expect(early.refusal(try maker.proof(["nonce": "\"\(early.nonces.nonce(now: now))\""])) == nil)
    let old = try ProofNonces(keys: [Side.nonceKey], for: Replays(now: 0)).nonce(now: now - 1000)
    #expect(side.refusal(try maker.proof(["nonce": "\"\(old)\""])) == .needsNonce)
    let nonce = side.nonces.nonce(now: now)
    #expect(side.refusal(try maker.proof(["nonce": "\"\(nonce)\"", "iat": "\(now / 1000 - 2)"])) == nil)
    // Any other node takes it too.
    #expect(try Side().refusal(try maker.proof(["nonce": "\"\(nonce)\""])) == nil)
  }

  @Test func aClockAhead() throws {
    let side = try Side(), ahead = "\(now / 1000 + 10)"
    #expect(side.refusal(try maker.proof(["iat": ahead])) == .needsNonce)
    let nonce = "\"\(side.nonces.nonce(now: now))\""
    let proof = try maker.proof(["iat": ahead, "nonce": nonce])
    #expect(side.refusal(proof) == nil)
    // Whoever forgot it has forgotten all before, and takes no nonce from then.
    #expect(try Side(startedAt: now + 12_000).refusal(proof, at: now + 13_000) == .needsNonce)
  }

  @Test func nonces() throws {
    let side = try Side(), begin = now / 30_000 * 30_000
    let nonce = side.nonces.nonce(now: begin)
    #expect(side.nonces.nonce(now: begin + 29_999) == nonce)
    #expect(side.nonces.nonce(now: begin + 30_000) != nonce)
    #expect(side.nonces.time(of: nonce, now: begin + 59_999) == begin)
    #expect(side.nonces.time(of: nonce, now: begin + 60_000) == nil)
    // Another node's clock may be behind.
    #expect(side.nonces.time(of: nonce, now: begin - 15_000) == begin)
    #expect(side.nonces.time(of: nonce, now: begin - 15_001) == nil)
    // Nothing of it may be changed, and nothing be added.
    for index in nonce.indices {
      let letter = nonce[index] == "A" ? "B" : "A"
      #expect(side.nonces.time(of: nonce.replacingCharacters(at: index, letter), now: begin) == nil)
    }
    for bad in ["", String(nonce.dropLast()), nonce + "A", nonce + "=", String(nonce.dropLast(2)) + "==", "é" + nonce] {
      #expect(side.nonces.time(of: bad, now: begin) == nil)
    }
    let rotated = try ProofNonces(keys: [[UInt8](repeating: 8, count: 32), Side.nonceKey], for: Replays(now: 0))
    #expect(rotated.time(of: nonce, now: begin) == begin)
    #expect(rotated.nonce(now: begin) != nonce)
    #expect(side.nonces.time(of: rotated.nonce(now: begin), now: begin) == nil)
    // A newer one comes with the answer.
    let later = try side.checker.check(
      maker.proof(["nonce": "\"\(nonce)\"", "iat": "\(begin / 1000 + 30)"]),
      ProofRequest(method: "POST", uri: uri, now: begin + 30_000))
    #expect(later.nextNonce == side.nonces.nonce(now: begin + 30_000))
  }

  @Test func fullMemoryTakesNothing() {
    var memory = ReplayMemory(capacity: 3, lifetime: 60_000)
    for id in 0..<3 { #expect(memory.note(UInt64(id), createdAt: now, nonce: nil, now: now) == .new) }
    #expect(memory.note(7, createdAt: now, nonce: now, now: now) == .full)
    #expect(memory.note(1, createdAt: now, nonce: now, now: now + 60_000) == .replayed)
    #expect(memory.note(7, createdAt: now + 69_000, nonce: nil, now: now + 69_999) == .full)
    // By then none of the three can be taken any more.
    #expect(memory.note(7, createdAt: now + 70_000, nonce: nil, now: now + 70_000) == .new)
    #expect(memory.count == 1)
  }

  /// A clock that jumps ahead empties it; set right again, only a nonce says that a proof is new.
  @Test func aClockThatJumped() {
    var memory = ReplayMemory(capacity: 100, lifetime: 60_000)
    #expect(memory.note(1, createdAt: now, nonce: nil, now: now) == .new)
    #expect(memory.note(2, createdAt: now + 3_600_000, nonce: nil, now: now + 3_600_000) == .new)
    #expect(memory.count == 1)
    #expect(memory.note(1, createdAt: now, nonce: nil, now: now + 1000) == .unknown)
    #expect(memory.note(3, createdAt: now, nonce: now, now: now + 1000) == .new)
    // What is forgotten with a nonce is not taken by that nonce or an earlier one.
    #expect(memory.note(4, createdAt: now + 3_600_000, nonce: now + 5, now: now + 3_600_000) == .new)
    #expect(memory.note(5, createdAt: now + 7_200_000, nonce: nil, now: now + 7_200_000) == .new)
    #expect(memory.note(4, createdAt: now + 3_600_000, nonce: now + 5, now: now + 3_600_000) == .unknown)
    #expect(memory.note(4, createdAt: now + 3_600_000, nonce: now + 6, now: now + 3_600_000) == .new)
  }
}

extension String {
  fileprivate func replacingCharacters(at index: Index, _ letter: String) -> String {
    self[..<index] + letter + self[self.index(after: index)...]
  }
}
