// Key material, the mark of other processes' changes, the probe.

import Storage
import Testing

extension StoreConformance {
  private func key(_ kid: String, _ state: KeyState, _ algorithm: String = "ES256") -> KeyRecord {
    KeyRecord(
      kid: kid, algorithm: algorithm, state: state, publicKey: [1, 2], publicMAC: [3], privateKey: [4, 5],
      createdAt: World.start, activatedAt: state == .active ? World.start : nil)
  }

  @Test(arguments: BackEnd.all) func whoeverComesFirstMakesTheKeys(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      #expect(try await world.store.keyMaterial().keys.isEmpty)
      func add(_ secrets: [SecretRecord], _ keys: [KeyRecord]) async throws {
        try await world.store.addKeyMaterial(secrets, keys, now: World.start, context: World.context)
      }
      try await add(
        [SecretRecord(purpose: "refresh", id: 1, wrapped: [1])], [key("a", .active), key("b", .pending)])
      try await add(
        [
          SecretRecord(purpose: "refresh", id: 1, wrapped: [9]),
          SecretRecord(purpose: "refresh", id: 255, wrapped: [2]),
        ],
        [key("c", .active), key("d", .pending), key("e", .active, "RS256")])
      let material = try await world.store.keyMaterial()
      #expect(material.epoch == 7)
      #expect(material.secrets.map(\.id) == [1, 255] && material.secrets.map(\.wrapped) == [[1], [2]])
      #expect(material.keys.map(\.kid) == ["a", "b", "e"])
      let first = try #require(material.keys.first)
      #expect(first.algorithm == "ES256" && first.state == .active && first.activatedAt == World.start)
      #expect(first.publicKey == [1, 2] && first.publicMAC == [3] && first.privateKey == [4, 5])
      #expect(try await world.events() == ["key_created", "key_created", "key_created"])
    }
  }

  @Test(arguments: BackEnd.all) func racingMakersAgree(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      let second = try world.place.open()
      await withTaskGroup(of: Void.self) { group in
        for number in 0..<20 {
          group.addTask {
            let secret = SecretRecord(purpose: "refresh", id: 1, wrapped: [UInt8(number)])
            try? await (number % 2 == 0 ? world.store : second).addKeyMaterial(
              [secret], [key("key-\(number)", .active)], now: World.start, context: World.context)
          }
        }
      }
      let material = try await world.store.keyMaterial()
      #expect(material.secrets.count == 1 && material.keys.count == 1)
    }
  }

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
