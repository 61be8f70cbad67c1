// Assertions: taken once, by whomever, on whatever connection; forgotten when they are of no use.

import Storage
import Testing

extension StoreConformance {
  private static func assertion(
    _ id: UInt8, until: Int64 = World.start + 60_000, now: Int64 = World.start, forgets: Bool = true
  ) -> TakenAssertion {
    TakenAssertion(id: [UInt8](repeating: id, count: 32), until: until, now: now, forgets: forgets)
  }

  @Test(arguments: BackEnd.all) func anAssertionIsTakenOnce(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      #expect(try await world.takes(Self.assertion(1)))
      #expect(try await !world.takes(Self.assertion(1)))
      #expect(try await world.takes(Self.assertion(2)))
      // Another process sees it, also one that starts later.
      let other = try world.place.open()
      #expect(try await !other.takeAssertion(Self.assertion(1)))
      #expect(try await !other.takeAssertion(Self.assertion(2, until: World.start + 90_000)))
    }
  }

  @Test(arguments: BackEnd.all) func racingTakersOfAnAssertion(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      let stores = [world.store, try world.place.open()]
      for round in UInt8(0)..<10 {
        let taken = try await withThrowingTaskGroup(of: Bool.self) { group in
          for index in 0..<16 {
            group.addTask { try await stores[index % 2].takeAssertion(Self.assertion(round)) }
          }
          return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(taken == 1)
      }
    }
  }

  @Test(arguments: BackEnd.all) func expiredAssertionsAreForgotten(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      for id in UInt8(0)..<20 {
        let isTaken = try await world.takes(Self.assertion(id))
        #expect(isTaken)
      }
      // While the clock may be wrong nothing is forgotten.
      let later = World.start + 120_000
      #expect(try await world.takes(Self.assertion(99, until: later + 9, now: later, forgets: false)))
      #expect(try await !world.takes(Self.assertion(0)))
      // Two for each that is added.
      for id in UInt8(100)..<110 {
        #expect(try await world.takes(Self.assertion(id, until: later + 60_000, now: later)))
      }
      for id in UInt8(0)..<20 { #expect(try await world.takes(Self.assertion(id, forgets: false))) }
      #expect(try await !world.takes(Self.assertion(100)))
    }
  }
}

extension World {
  fileprivate func takes(_ assertion: TakenAssertion) async throws -> Bool { try await store.takeAssertion(assertion) }
}
