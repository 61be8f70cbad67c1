// Signing keys and their changes: whole or not at all, by whoever comes first, and nothing of a wiped key left.

import Storage
import Testing

extension World {
  static let anchor = SecretRecord(purpose: "public-key", id: 1, wrapped: [7])

  static func key(_ kid: String, _ state: KeyState, _ algorithm: String = "ES256") -> KeyRecord {
    KeyRecord(
      kid: kid, algorithm: algorithm, state: state, publicKey: Array("public \(kid)".utf8),
      publicMAC: Array("\(kid) \(state)".utf8), privateKey: Array("private \(kid)".utf8), createdAt: start,
      activatedAt: state == .active ? start : nil, tokenLifetime: 600)
  }

  static func step(_ kid: String, _ from: KeyState, _ move: KeyStep.Move) -> KeyStep {
    KeyStep(kid, from: from, move, publicMAC: move.state.map { Array("\(kid) \($0)".utf8) } ?? [])
  }

  static func change(
    _ steps: [KeyStep] = [], adding keys: [KeyRecord] = [], anchor: SecretRecord = anchor, lifetime: Int64 = 900,
    reason: String? = nil, after delay: Int64 = 0
  ) -> KeyChange {
    KeyChange(
      anchor: anchor, steps: steps, added: keys, tokenLifetime: lifetime, reason: reason, now: start + delay,
      context: context)
  }

  /// An active key a and a pending key b.
  func addKeys() async throws {
    try await store.addSecrets([Self.anchor], anchor: nil, now: Self.start)
    #expect(try await store.changeKeys(Self.change(adding: [Self.key("a", .active), Self.key("b", .pending)])))
  }

  /// The keys and their states, in the order of their ids.
  func keys() async throws -> [String] {
    try await store.keyMaterial().keys.map { "\($0.kid) \($0.state) \($0.algorithm)" }.sorted()
  }

  func key(_ kid: String) async throws -> KeyRecord {
    try #require(try await store.keyMaterial().keys.first { $0.kid == kid })
  }
}

extension StoreConformance {
  @Test(arguments: BackEnd.all) func secretsAreWhoseCameFirst(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      func add(_ secrets: [SecretRecord], anchor: SecretRecord?) async throws {
        try await world.store.addSecrets(secrets, anchor: anchor, now: World.start)
      }
      let last = SecretRecord(purpose: "refresh", id: 255, wrapped: [2])
      try await add([World.anchor], anchor: nil)
      try await add([SecretRecord(purpose: "public-key", id: 1, wrapped: [9]), last], anchor: World.anchor)
      // Wrapped by a master key which is that no more.
      let other = SecretRecord(purpose: "public-key", id: 1, wrapped: [8])
      try await add([SecretRecord(purpose: "late", id: 1, wrapped: [3])], anchor: other)
      let material = try await world.store.keyMaterial()
      #expect(material.epoch == 7)
      #expect(material.secrets == [World.anchor, last])
    }
  }

  @Test(arguments: BackEnd.all) func aPromotionIsOneChange(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      try await world.addKeys()
      #expect(try await world.key("a") == World.key("a", .active))
      try await world.store.notePublished(["b", "nobody"], now: World.start + 5)
      try await world.store.notePublished(["b"], now: World.start + 6)
      let promotion = World.change(
        [World.step("b", .pending, .activate), World.step("a", .active, .retire)],
        adding: [World.key("c", .pending)], after: 10)
      #expect(try await world.store.changeKeys(promotion))
      #expect(try await world.keys() == ["a retired ES256", "b active ES256", "c pending ES256"])
      let (a, b, c) = (try await world.key("a"), try await world.key("b"), try await world.key("c"))
      #expect(a.privateKey == nil && a.retiredAt == World.start + 10 && a.publicMAC == Array("a retired".utf8))
      #expect(b.privateKey == Array("private b".utf8) && b.activatedAt == World.start + 10)
      #expect(b.publicMAC == Array("b active".utf8) && b.tokenLifetime == 900 && b.publishedAt == World.start + 5)
      #expect(c == World.key("c", .pending))
      // Once is enough.
      #expect(try await world.store.changeKeys(promotion) == false)
      let events = try await world.store.audit(after: 0, limit: 100)
      #expect(events.map(\.event) == ["key_created", "key_created", "key_retired", "key_activated", "key_created"])
      #expect(events.map(\.cause) == ["active", "pending", "active", "pending", "pending"])
      #expect(events.map(\.detail) == ["a", "b", "a", "b", "c"].map { "{\"kid\":\"\($0)\"}" })
    }
  }

  /// Changes that rest on what isn't so.
  static let misfits: [(String, KeyChange)] = [
    ("another state", World.change([World.step("a", .pending, .activate)])),
    ("an unknown key", World.change([World.step("x", .retired, .delete)])),
    ("one good step of two", World.change([World.step("a", .active, .retire), World.step("b", .active, .retire)])),
    ("two active ones", World.change([World.step("b", .pending, .activate)])),
    ("a taken place", World.change(adding: [World.key("c", .active)])),
    ("a second pending one", World.change(adding: [World.key("c", .pending)])),
    (
      "two new ones for one place",
      World.change(adding: [World.key("c", .active, "RS256"), World.key("d", .active, "RS256")])
    ),
    ("a known id", World.change([World.step("b", .pending, .delete)], adding: [World.key("a", .pending)])),
    (
      "another master key",
      World.change(
        [World.step("b", .pending, .revoke)], adding: [World.key("c", .pending)],
        anchor: SecretRecord(purpose: "public-key", id: 1, wrapped: [8]))
    ),
    (
      "a secret that is gone",
      World.change(
        [World.step("b", .pending, .revoke)], anchor: SecretRecord(purpose: "public-key", id: 2, wrapped: [7]))
    ),
  ]

  @Test(arguments: BackEnd.all) func aChangeThatDoesNotFitChangesNothing(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      try await world.addKeys()
      let before = (try await world.store.keyMaterial(), try await world.events())
      for (what, change) in Self.misfits {
        #expect(try await world.store.changeKeys(change) == false, "\(what)")
        #expect(try await world.store.keyMaterial() == before.0, "\(what)")
      }
      #expect(try await world.events() == before.1)
    }
  }

  @Test(arguments: BackEnd.all) func revokingWipesAndRemembersWhy(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      try await world.addKeys()
      let why = #"found in a "paste" \ bin"#
      let change = World.change(
        [World.step("a", .active, .revoke), World.step("b", .pending, .activate)], adding: [World.key("c", .pending)],
        reason: why, after: 3)
      #expect(try await world.store.changeKeys(change))
      let a = try await world.key("a")
      #expect(a.state == .revoked && a.privateKey == nil && a.revokedAt == World.start + 3 && a.revokedReason == why)
      #expect(try await world.key("b").revokedReason == nil)
      let entry = try await world.store.audit(after: 0, limit: 100).first { $0.event == "key_revoked" }
      #expect(entry?.detail == #"{"kid":"a","reason":"found in a \"paste\" \\ bin"}"#)
      // Retired, then revoked; then it can't be deleted as a retired one.
      #expect(try await world.store.changeKeys(World.change([World.step("b", .active, .retire)])))
      #expect(try await world.store.changeKeys(World.change([World.step("b", .retired, .revoke)])))
      #expect(try await world.store.changeKeys(World.change([World.step("b", .retired, .delete)])) == false)
    }
  }

  @Test(arguments: BackEnd.all) func keysGo(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      try await world.addKeys()
      let withdrawal = World.change([World.step("a", .active, .retire), World.step("b", .pending, .delete)])
      #expect(try await world.store.changeKeys(withdrawal))
      #expect(try await world.keys() == ["a retired ES256"])
      #expect(try await world.store.changeKeys(World.change([World.step("a", .retired, .delete)])))
      #expect(try await world.keys().isEmpty)
      #expect(try await world.events().suffix(3) == ["key_retired", "key_withdrawn", "key_deleted"])
    }
  }

  @Test(arguments: BackEnd.all) func onlyAnActiveKeyIsAskedToRotate(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      try await world.addKeys()
      func ask(_ kid: String, _ now: Int64) async throws -> Bool {
        try await world.store.requestRotation(of: kid, now: now, context: World.context)
      }
      #expect(try await ask("a", World.start + 1))
      #expect(try await world.key("a").rotationRequestedAt == World.start + 1)
      for kid in ["b", "x", ""] { #expect(try await ask(kid, World.start) == false) }
      #expect(try await world.events().last == "key_rotation_requested")
      #expect(try await world.events().count == 3)
    }
  }

  @Test(arguments: BackEnd.all) func tokenLifetimesOnlyGrow(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      try await world.addKeys()
      #expect(try await world.store.raiseTokenLifetime(of: ["a"], to: 700))
      #expect(try await world.store.raiseTokenLifetime(of: ["a"], to: 650))
      #expect(try await world.key("a").tokenLifetime == 700)
      #expect(try await world.store.raiseTokenLifetime(of: ["a", "b"], to: 800) == false)
      #expect(try await world.key("b").tokenLifetime == 600)
    }
  }

  @Test(arguments: BackEnd.all) func clientsSayWhatTheyAskOfKeys(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      #expect(try await world.store.keyMaterial().demand == KeyDemand())
      try await world.addClient("one", accessTTL: 5)
      try await world.addClient("two", accessTTL: 9)
      try world.place.execute("UPDATE client SET token_algorithm = 'EdDSA', mac_key = X'0102' WHERE id = 'one'")
      let material = try await world.store.keyMaterial()
      #expect(material.demand.algorithms == ["EdDSA"] && material.demand.accessTTL == 9)
      #expect(material.clientKeys == [ClientKeyRecord(clientID: "one", wrapped: [1, 2])])
    }
  }

  /// Two processes and twenty tasks promote at once: one does, and every key is accounted for.
  @Test(arguments: BackEnd.all) func racingPromotionsHappenOnce(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      try await world.addKeys()
      let second = try world.place.open()
      for round in 0..<5 {
        let keys = try await world.store.keyMaterial().keys
        let active = try #require(keys.first { $0.state == .active }).kid
        let pending = try #require(keys.first { $0.state == .pending }).kid
        let winners = try await withThrowingTaskGroup(of: String?.self) { group in
          for number in 0..<20 {
            group.addTask {
              let next = "\(round)-\(number)"
              let change = World.change(
                [World.step(pending, .pending, .activate), World.step(active, .active, .retire)],
                adding: [World.key(next, .pending)])
              return try await (number % 2 == 0 ? world.store : second).changeKeys(change) ? next : nil
            }
          }
          return try await group.reduce(into: []) { $0 += [$1].compactMap { $0 } }
        }
        #expect(winners.count == 1)
        let after = try await world.keys()
        #expect(after.contains("\(pending) active ES256") && after.contains("\(winners[0]) pending ES256"))
        #expect(after.count == 3 + round)
      }
      #expect(try await world.events().filter { $0 == "key_activated" }.count == 5)
    }
  }

  @Test(arguments: BackEnd.all) func racingMakersAgree(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      let second = try world.place.open()
      let made = try await withThrowingTaskGroup(of: Bool.self) { group in
        for number in 0..<20 {
          group.addTask {
            let store = number % 2 == 0 ? world.store : second
            let secret = SecretRecord(purpose: "public-key", id: 1, wrapped: [UInt8(number)])
            try await store.addSecrets([secret], anchor: nil, now: World.start)
            let anchor = try #require(try await store.keyMaterial().secrets.first)
            return try await store.changeKeys(
              World.change(adding: [World.key("key-\(number)", .active)], anchor: anchor))
          }
        }
        return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
      }
      let material = try await world.store.keyMaterial()
      #expect(material.secrets.count == 1 && material.keys.count == 1 && made == 1)
    }
  }
}
