// The mark of other processes' changes, the probe.

import Storage
import Testing

extension StoreConformance {
  @Test(arguments: BackEnd.all) func theChangeMarkShowsOtherProcesses(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      let second = try world.place.open()
      let session = try await world.session()
      let mark = try await world.store.changeMark()
      for generation in 0..<200 { _ = try await world.rotate(session.id, UInt32(generation)) }
      _ = try await world.addUser()
      _ = try await second.findUser(loginKey: "ann")
      #expect(try await world.store.changeMark() == mark)
      try await second.addUser(World.newUser("bob"), now: World.start, context: World.context)
      let changed = try await world.store.changeMark()
      #expect(changed != mark)
      #expect(try await world.store.changeMark() == changed)
    }
  }

  @Test(arguments: BackEnd.all) func probes(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      try await world.store.probe(now: World.start)
      try await world.store.probe(now: World.start + 1)
      #expect(try await world.store.keyMaterial().epoch == 7)
    }
  }

  @Test(arguments: BackEnd.all) func whatWasWrittenOutlivesTheProcess(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      let session = try await world.session()
      #expect(try await world.rotate(session.id, 0) == .rotated(to: 1))
      let second = World(store: try world.place.open(), place: world.place)
      #expect(try await second.rotate(session.id, 0) == .retried(1))
      #expect(try await second.rotate(session.id, 1) == .rotated(to: 2))
      #expect(try await world.rotate(session.id, 1) == .retried(2))
      #expect(try await world.found(session.id).generation == 2)
    }
  }
}
