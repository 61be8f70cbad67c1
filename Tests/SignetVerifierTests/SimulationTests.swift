// A random life of an issuer, and after each step what must hold whatever happened: nobody is taken whom the last good
// answer doesn't name, nobody is refused whom it names, fetches stay few and one at a time.
//
// A failure names its seed; `SIGNET_SEED=n swift test --filter SimulationTests` plays that one alone.

import Glibc
import JOSE
import SignetVerifier
import Testing
import Threads

@Suite struct SimulationTests {
  static let seeds: [UInt64] = {
    if let text = getenv("SIGNET_SEED"), let seed = UInt64(String(cString: text)) { return [seed] }
    return (0..<4).map { _ in .random(in: 0..<1 << 32) }
  }()

  @Test(arguments: seeds) func anIssuersLife(seed: UInt64) async throws {
    print("verifier simulation: SIGNET_SEED=\(seed)")
    var simulation = try Simulation(seed)
    for _ in 0..<200 { try await simulation.step() }
    #expect(simulation.issuer.mostAtOnce <= 1)
    #expect(simulation.taken > 5, "little was verified")
  }

  @Test func manyTasksThroughEverything() async throws {
    let keys = try (0..<3).map { _ in try SigningKey.generate(.es256) }
    let issuer = FakeIssuer(keys[0])
    let verifier = try issuer.verifier(), tokens = try keys.map { try issuer.token($0) }
    let isOver = Monitor(false)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<16 {
        group.addTask {
          while !isOver.withLock({ $0 }) {
            let task = Task { try? await verifier.verify(tokens[number % 3]) }
            if number % 4 == 0 { task.cancel() }
            _ = await task.value
          }
        }
      }
      for round in 0..<60 {
        switch round % 6 {
        case 0: issuer.publish(keys[0], keys[1])
        case 1: issuer.hold()
        case 2: issuer.release()
        case 3: issuer.goDown()
        case 4: issuer.publish(text: "{")
        default: issuer.publish(keys[1], keys[2])
        }
        issuer.time.pass(seconds: 61)
        try await Task.sleep(for: .milliseconds(5))
      }
      issuer.release()
      isOver.withLock { $0 = true }
      try await group.waitForAll()
    }
    #expect(issuer.mostAtOnce == 1)
    #expect(issuer.fetches > 10)
  }
}

/// One issuer, one verifier, and what is known of both.
private struct Simulation {
  let issuer: FakeIssuer
  let verifier: SignetVerifier
  private(set) var taken = 0
  private let keys: [SigningKey]
  private let events: Monitor<[Bool]>
  private var random: Steps
  private var published: [Int] = [0]
  private var isUp = true
  /// What the last good answer named, and when it was asked for at the earliest.
  private var answered: [Int] = []
  private var answeredAt: Int64 = 0
  private var lastFailed = false
  private var unknownAskedAt: Int64 = .min / 2

  init(_ seed: UInt64) throws {
    random = Steps(state: seed)
    keys = try (0..<4).map { _ in try SigningKey.generate(.es256) }
    issuer = FakeIssuer(keys[0])
    let events = Monitor<[Bool]>([])
    self.events = events
    verifier = try issuer.verifier { options in
      options.observer = { event in
        var isGood = true
        if case .failed = event { isGood = false }
        events.withLock { $0.append(isGood) }
      }
    }
  }

  mutating func step() async throws {
    switch Int.random(in: 0..<10, using: &random) {
    case 0: publish()
    case 1:
      isUp.toggle()
      publish()
    case 2...4: try await pass(seconds: Int64.random(in: 1...400, using: &random))
    case 5: issuer.time.jump(seconds: Int64.random(in: -30...30, using: &random))
    default: try await verify(Int.random(in: 0..<4, using: &random))
    }
  }

  private mutating func publish() {
    if Bool.random(using: &random) {
      published = (0..<4).filter { _ in Bool.random(using: &random) }
      if published.isEmpty { published = [3] }
    }
    if isUp { issuer.publish(FakeIssuer.answer(published.map { keys[$0] })) } else { issuer.goDown() }
  }

  private mutating func pass(seconds: Int64) async throws {
    // In steps, as real time does, or every refresh would come late.
    for _ in 0..<seconds {
      issuer.time.pass(seconds: 1)
      if issuer.time.nextWaking.map({ $0 <= 0 }) ?? true { try await settle() }
    }
    try await settle()
  }

  /// Waits until what began by itself has ended, and takes over what came of it.
  private mutating func settle() async throws {
    let issuer = issuer, events = events
    try await eventually("fetches end") {
      events.withLock { $0.count } == issuer.fetches && (issuer.time.nextWaking.map { $0 > 0 } ?? (issuer.fetches == 0))
    }
    let seen = events.withLock { events in
      defer { seenEvents = events.count }
      return events.dropFirst(seenEvents)
    }
    for isGood in seen {
      lastFailed = !isGood
      if isGood { (answered, answeredAt) = (published, issuer.time.elapsed) }
    }
  }

  private var seenEvents = 0

  private mutating func verify(_ key: Int) async throws {
    let before = issuer.fetches
    var error: VerificationError?
    do throws(VerificationError) { _ = try await verifier.verify(try token(key)) } catch let caught { error = caught }
    try await settle()
    let now = issuer.time.elapsed
    #expect(issuer.fetches <= before + 1)
    if issuer.fetches > before, before > 0 {
      #expect(now - unknownAskedAt >= 30_000 || lastFailed || now - answeredAt == 0)
      unknownAskedAt = now
    }
    switch error {
    case nil:
      taken += 1
      #expect(answered.contains(key), "a key that the last answer doesn't name")
      #expect(now - answeredAt < 86_400_000)
    case .unknownKey: #expect(!answered.contains(key) && !lastFailed)
    case .keysUnavailable: #expect(lastFailed, "its keys can be had")
    default: Issue.record("\(String(describing: error))")
    }
    if isUp, !lastFailed { #expect(now - answeredAt < 300_000, "the answer is \(now - answeredAt) ms old") }
  }

  private func token(_ key: Int) throws(VerificationError) -> String {
    do { return try issuer.token(keys[key]) } catch { throw .cryptographyFailed }
  }
}

/// Random numbers that a seed repeats (SplitMix64).
private struct Steps: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
