// Servers that tell of themselves, and the bounded list of verifiers.

import Storage
import Testing

extension StoreConformance {
  private func node(_ number: UInt8, at seen: Int64, keys: String = "k") -> NodeRecord {
    NodeRecord(
      id: UniqueID(random: Array(repeating: number, count: 16)), seenAt: seen, issuer: "http://127.0.0.1:\(number)",
      able: ["ES256", "ML-DSA-44"], offered: number == 1 ? [] : ["ES256"], keys: keys)
  }

  @Test(arguments: BackEnd.all) func serversTellOfThemselves(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      let now = World.start
      let (one, two) = (node(1, at: now), node(2, at: now + 1))
      try await world.store.beat(one, alone: false)
      try await world.store.beat(two, alone: false)
      #expect(try await world.store.nodes() == [one, two])
      try await world.store.beat(node(1, at: now + 5, keys: "other"), alone: false)
      #expect(try await world.store.nodes().map(\.keys) == ["other", "k"])
      // A day later the one that wasn't heard of is forgotten.
      try await world.store.beat(node(2, at: now + 86_400_006), alone: false)
      #expect(try await world.store.nodes().map(\.id) == [two.id])
      let three = node(3, at: now)
      try await world.store.beat(three, alone: true)
      #expect(try await world.store.nodes() == [three])
      try await world.store.leave(three.id)
      try await world.store.leave(three.id)
      #expect(try await world.store.nodes().isEmpty)
    }
  }

  @Test func aServerLivesForThreeBeats() {
    let beat = node(1, at: World.start)
    #expect(beat.isLive(at: World.start) && beat.isLive(at: World.start + 89_999))
    #expect(!beat.isLive(at: World.start + 90_000))
    // Its clock, or ours, is wrong by hours: it counts.
    #expect(beat.isLive(at: World.start - 36_000_000))
  }

  private func sighting(_ address: String, _ agent: String, prefix: Int64 = 1, after delay: Int64 = 0)
    -> VerifierSighting
  {
    VerifierSighting(address: address, prefix: prefix, userAgent: agent, at: World.start + delay)
  }

  @Test(arguments: BackEnd.all) func verifiersAreRemembered(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      try await world.store.noteVerifiers([sighting("192.0.2.1", "curl"), sighting("192.0.2.1", "", after: 1)])
      try await world.store.noteVerifiers([sighting("192.0.2.1", "curl", after: 9)])
      let all = try await world.store.verifiers()
      #expect(all.map(\.userAgent) == ["curl", ""])
      #expect(all[0].firstSeenAt == World.start && all[0].lastSeenAt == World.start + 9)
      // The clock was set back: the latest word counts.
      try await world.store.noteVerifiers([sighting("192.0.2.1", "curl", after: -7)])
      #expect(try await world.store.verifiers().last?.lastSeenAt == World.start - 7)
      #expect(try await world.events().isEmpty)
    }
  }

  @Test(arguments: BackEnd.all) func strangersFillNoMoreThanTheirShare(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      try await world.store.noteVerifiers([sighting("198.51.100.1", "service", prefix: 2)])
      for batch in 0..<20 {
        try await world.store.noteVerifiers(
          (0..<32).map { sighting("192.0.2.1", "agent \(batch) \($0)", after: Int64(batch * 32 + $0)) })
      }
      let one = try await world.store.verifiers()
      #expect(one.count == VerifierRecord.limitPerPrefix + 1)
      #expect(one.first?.userAgent == "agent 19 31" && one.last?.userAgent == "service")
      for prefix in 10..<300 {
        try await world.store.noteVerifiers(
          [sighting("203.0.113.\(prefix)", "x", prefix: Int64(prefix), after: 1000 + Int64(prefix))])
      }
      let all = try await world.store.verifiers()
      #expect(all.count == VerifierRecord.limit)
      // Those not seen for longest went.
      #expect(all.allSatisfy { $0.userAgent == "x" } && all.last?.address == "203.0.113.44")
    }
  }
}
