// A new master key: everything that is wrapped changes at once or nothing does.

import Storage
import Testing

extension World {
  /// Keys, secrets and a client's MAC key, all wrapped.
  func addWrapped() async throws {
    try await addKeys()
    try await store.addSecrets([SecretRecord(purpose: "refresh", id: 3, wrapped: [3])], anchor: nil, now: Self.start)
    try await addClient("shop")
    try place.execute("UPDATE client SET mac_key = X'0506' WHERE id = 'shop'")
  }

  /// The same keys as another master key wraps them.
  func rewrapped(by mark: UInt8) async throws -> (old: WrappedKeys, new: WrappedKeys) {
    let old = try await store.keyMaterial().wrapped
    return (
      old,
      WrappedKeys(
        secrets: old.secrets.map { SecretRecord(purpose: $0.purpose, id: $0.id, wrapped: $0.wrapped + [mark]) },
        privateKeys: old.privateKeys.map { PrivateKeyRecord(kid: $0.kid, wrapped: $0.wrapped + [mark]) },
        clientKeys: old.clientKeys.map { ClientKeyRecord(clientID: $0.clientID, wrapped: $0.wrapped + [mark]) })
    )
  }

  func rewrap(_ old: WrappedKeys, _ new: WrappedKeys) async throws -> Bool {
    try await store.rewrap(from: old, to: new, now: Self.start, context: Self.context)
  }

  func replacement(of material: KeyMaterial) -> KeyReplacement {
    KeyReplacement(
      expected: material, secrets: [SecretRecord(purpose: "public-key", id: 2, wrapped: [9])],
      revoked: material.keys.map { Self.step($0.kid, $0.state, .revoke) },
      added: [Self.key("x", .active), Self.key("y", .pending)], reason: "stolen", now: Self.start + 50,
      context: Self.context)
  }
}

extension StoreConformance {
  @Test(arguments: BackEnd.all) func everythingIsWrappedAnew(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      try await world.addWrapped()
      let (old, new) = try await world.rewrapped(by: 1)
      #expect(old.count == 5)
      #expect(try await world.rewrap(old, new))
      #expect(try await world.store.keyMaterial().wrapped == new)
      // What was made with the old master key comes too late.
      #expect(try await world.rewrap(old, new) == false)
      #expect(try await world.store.changeKeys(World.change([World.step("b", .pending, .delete)])) == false)
      let entry = try await world.store.audit(after: 0, limit: 100).last
      #expect(entry?.event == "keys_rewrapped" && entry?.detail == "{\"wrapped\":5}")
    }
  }

  /// Each of these, done between reading and writing, makes the new wrapping void.
  @Test(arguments: [
    "UPDATE secret SET wrapped = X'00' WHERE purpose = 'refresh'", "DELETE FROM secret WHERE purpose = 'refresh'",
    "UPDATE client SET mac_key = NULL", "UPDATE signing_key SET private_key = X'00' WHERE kid = 'b'",
    "DELETE FROM signing_key WHERE kid = 'b'", "UPDATE client SET id = 'other' WHERE id = 'shop'",
  ])
  func aChangeMeanwhileIsNotLost(_ meanwhile: String) async throws {
    for backEnd in BackEnd.all {
      try await backEnd.run { world in
        try await world.addWrapped()
        let (old, new) = try await world.rewrapped(by: 1)
        try world.place.execute(meanwhile)
        let before = try await world.store.keyMaterial()
        #expect(try await world.rewrap(old, new) == false)
        #expect(try await world.store.keyMaterial() == before)
      }
    }
  }

  @Test(arguments: BackEnd.all) func racingMasterKeysLeaveOne(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      try await world.addWrapped()
      let second = World(store: try world.place.open(), place: world.place)
      let winners = try await withThrowingTaskGroup(of: UInt8?.self) { group in
        for mark in UInt8(1)...10 {
          group.addTask {
            let own = mark % 2 == 0 ? world : second
            let (old, new) = try await own.rewrapped(by: mark)
            return old.secrets[0] == World.anchor ? try await own.rewrap(old, new) ? mark : nil : nil
          }
        }
        return try await group.reduce(into: []) { $0 += [$1].compactMap { $0 } }
      }
      #expect(winners.count == 1)
      let wrapped = try await world.store.keyMaterial().wrapped
      let all = wrapped.secrets.map(\.wrapped) + wrapped.privateKeys.map(\.wrapped) + wrapped.clientKeys.map(\.wrapped)
      #expect(all.allSatisfy { $0.last == winners.first })
    }
  }

  @Test(arguments: BackEnd.all) func replacingLeavesNothingOld(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      try await world.addWrapped()
      #expect(try await world.store.changeKeys(World.change([World.step("b", .pending, .revoke)], reason: "before")))
      let sessions = [try await world.session(), try await world.session()]
      _ = try await world.store.endSession(
        sessions[0].id, of: nil, reason: .logout, event: .logout, now: World.start, context: World.context)
      let material = try await world.store.keyMaterial()
      let replacement = world.replacement(of: material)
      #expect(try await world.store.replaceKeys(replacement) == 1)
      let after = try await world.store.keyMaterial()
      #expect(after.secrets == replacement.secrets && after.clientKeys.isEmpty)
      #expect(try await world.keys() == ["a revoked ES256", "b revoked ES256", "x active ES256", "y pending ES256"])
      let (a, b) = (try await world.key("a"), try await world.key("b"))
      #expect(a.privateKey == nil && a.revokedReason == "stolen" && a.revokedAt == World.start + 50)
      // What was revoked before stays as it was, but for its MAC.
      #expect(b.revokedReason == "before" && b.revokedAt == World.start && b.publicMAC == Array("b revoked".utf8))
      for session in sessions { #expect(try await world.found(session.id).revokedAt != nil) }
      let events = try await world.store.audit(after: 0, limit: 100)
      #expect(events.last?.event == "keys_replaced" && events.last?.detail == "{\"sessions_ended\":1}")
      #expect(events.filter { $0.event == "key_revoked" }.count == 2)
      #expect(try await world.store.replaceKeys(replacement) == nil)
      #expect(try await world.store.keyMaterial() == after)
    }
  }
}
