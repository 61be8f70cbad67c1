// Clients: kept as they were given, changed only by whoever knows what they are, deleted with their sessions.

import Storage
import Testing

extension StoreConformance {
  private static func client(_ tokens: ClientTokens = ClientTokens()) -> ClientRecord {
    ClientRecord(
      id: "shop", name: "The \"shop\"", isPublic: false, isFirstParty: false, grants: ["password"], audiences: [],
      scopes: ["a", "b"], accessTTL: 1, idleTTL: nil, absoluteTTL: 3, tokens: tokens, createdAt: World.start)
  }

  private static let tokens = ClientTokens(
    algorithm: "HS256", encryptionKey: #"{"kty":"EC","crv":"P-256"}"#, contentEncryption: "A256GCM",
    macKey: ClientMACKey(kid: "k-1", algorithm: "HS256"),
    claims: [
      ClientClaim(name: "email", attribute: "email"), ClientClaim(name: "https://a.example/'n'", attribute: "id"),
    ], rolesClaim: "groups", sizeLimit: 4096)

  private static let macKey = WrappedClientKey(wrapped: [1, 2], anchor: World.anchor)

  private func only(_ world: World) async throws -> ClientRecord {
    try #require(try await world.store.clients().first { $0.id == "shop" })
  }

  @Test(arguments: BackEnd.all, [ClientTokens(), tokens])
  func clientsAreKept(_ backEnd: BackEnd, _ tokens: ClientTokens) async throws {
    try await backEnd.run { world in
      let client = Self.client(tokens)
      try await world.store.addSecrets([World.anchor], anchor: nil, now: World.start)
      let macKey = tokens.macKey.map { _ in Self.macKey }
      #expect(try await world.store.addClient(client, macKey: macKey, context: World.context))
      let stored = macKey.map { [ClientKeyRecord(clientID: "shop", wrapped: $0.wrapped)] } ?? []
      #expect(try await world.store.keyMaterial().clientKeys == stored)
      let all = try await world.store.clients()
      #expect(all.map(\.id) == [ClientRecord.builtIn, "shop"])
      #expect(all.last == client)
      #expect(all.first?.isPublic == true && all.first?.isFirstParty == true && all.first?.tokens == ClientTokens())
      await #expect(throws: StoreError.exists("client")) {
        try await world.store.addClient(client, context: World.context)
      }
      #expect(try await world.events() == ["client_added"])
    }
  }

  @Test(arguments: BackEnd.all) func aClientIsChanged(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      try await world.store.addSecrets([World.anchor], anchor: nil, now: World.start)
      try await world.addClient("other")
      try await world.store.addClient(Self.client(), context: World.context)
      let others = try await world.store.clients().filter { $0.id != "shop" }
      let old = try await only(world)
      var new = old
      new.tokens = Self.tokens
      new.name = "Renamed"
      new.scopes = []
      new.audiences = ["x"]
      new.idleTTL = 9
      let change = ClientChange(
        old: old, new: new, macKey: .replace(Self.macKey), now: World.start + 5, context: World.context)
      #expect(try await world.store.changeClient(change))
      var stored = try await only(world)
      #expect(stored.tokens.changedAt == World.start + 5)
      stored.tokens.changedAt = 0
      #expect(stored == new)
      #expect(try await world.store.clients().filter { $0.id != "shop" } == others)
      let record = try #require(try await world.store.audit(after: 0, limit: 10).last)
      #expect(record.event == "client_changed" && record.clientID == "shop" && record.at == World.start + 5)
      let names = ["name", "audiences", "scopes", "idle_ttl", "algorithm", "encryption_key", "encryption", "mac_key"]
      #expect(change.names == names + ["claims", "roles_claim", "token_size"])
      #expect(record.detail == "{\"changed\":[\(change.names.map { "\"\($0)\"" }.joined(separator: ","))]}")
    }
  }

  /// Two operators at once: the second is told, and nothing of the first's is lost.
  @Test(arguments: BackEnd.all) func aChangeOfWhatHasChangedIsVoid(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      try await world.store.addClient(Self.client(), context: World.context)
      let old = try await only(world)
      let results = try await withThrowingTaskGroup(of: Bool.self) { group in
        for size in 0..<10 {
          group.addTask {
            var new = old
            new.tokens.sizeLimit = 2000 + size
            return try await world.store.changeClient(
              ClientChange(old: old, new: new, now: World.start, context: World.context))
          }
        }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(results.filter { $0 }.count == 1)
      #expect(try await world.events() == ["client_added", "client_changed"])
    }
  }

  @Test(arguments: BackEnd.all) func theTimeOfAChangeRises(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      try await world.store.addSecrets([World.anchor], anchor: nil, now: World.start)
      try await world.store.addClient(Self.client(), context: World.context)
      // The clock stands, then goes back.
      for (step, now) in [World.start, World.start, World.start - 3_600_000].enumerated() {
        let old = try await only(world)
        var new = old
        new.tokens.rolesClaim = "groups-\(step)"
        let change = ClientChange(old: old, new: new, now: now, context: World.context)
        #expect(try await world.store.changeClient(change))
        #expect(try await only(world).tokens.changedAt == World.start + Int64(step))
      }
      // What says nothing of tokens leaves it, what changes nothing leaves no trace, another MAC key is a change.
      func change(
        _ macKey: ClientChange.MACKey = .keep, _ edit: (inout ClientRecord) -> Void = { _ in }
      ) async throws -> Int64 {
        let old = try await only(world)
        var new = old
        edit(&new)
        let change = ClientChange(old: old, new: new, macKey: macKey, now: World.start, context: World.context)
        #expect(try await world.store.changeClient(change))
        return try await only(world).tokens.changedAt
      }
      let renamed = try await change { $0.name = "Another" }
      let events = try await world.events()
      let unchanged = try await change()
      #expect(try await world.events() == events)
      let (replaced, removed) = (try await change(.replace(Self.macKey)), try await change(.remove))
      #expect([renamed, unchanged, replaced, removed].map { $0 - World.start } == [2, 2, 3, 4])
    }
  }

  /// A master key that has gone out of use must not come back in by what it wrapped.
  @Test(arguments: BackEnd.all) func aKeyWrappedByAnOldMasterKeyIsNotKept(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      try await world.store.addSecrets([World.anchor], anchor: nil, now: World.start)
      try await world.store.addClient(Self.client(), context: World.context)
      let old = try await only(world)
      let events = try await world.events()
      for anchor in [
        SecretRecord(purpose: World.anchor.purpose, id: World.anchor.id, wrapped: [8]),
        SecretRecord(purpose: "gone", id: 1, wrapped: World.anchor.wrapped),
      ] {
        let key = WrappedClientKey(wrapped: [1], anchor: anchor)
        var new = old
        new.tokens = Self.tokens
        let change = ClientChange(
          old: old, new: new, macKey: .replace(key), now: World.start, context: World.context)
        #expect(try await !world.store.changeClient(change))
        let other = ClientRecord(
          id: "other", name: "Other", isPublic: true, isFirstParty: true, grants: [], audiences: [], scopes: [],
          createdAt: 1)
        #expect(try await !world.store.addClient(other, macKey: key, context: World.context))
      }
      #expect(try await only(world) == old)
      #expect(try await world.store.clients().count == 2)
      #expect(try await world.store.keyMaterial().clientKeys.isEmpty)
      #expect(try await world.events() == events)
    }
  }

  @Test(arguments: BackEnd.all) func missingClientsAreNotChanged(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      let client = Self.client()
      let change = ClientChange(old: client, new: client, now: World.start, context: World.context)
      await #expect(throws: StoreError.missing("client")) { try await world.store.changeClient(change) }
      let events = try await world.events()
      #expect(events.isEmpty)
    }
  }

  @Test(arguments: BackEnd.all) func deletingAClientDeletesItsSessions(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      try await world.addClient("shop")
      let user = try await world.addUser()
      let session = try #require(await world.login(World.newSession(of: user, client: "shop"))).session
      let other = try await world.session(of: user)
      try await world.store.deleteClient("shop", now: World.start, context: World.context)
      #expect(try await world.store.findSession(session.id) == nil)
      #expect(try await world.store.findSession(other.id) != nil)
      await #expect(throws: StoreError.missing("client")) {
        try await world.store.deleteClient("shop", now: World.start, context: World.context)
      }
      #expect(try await world.events().filter { $0 == "client_deleted" }.count == 1)
    }
  }
}
