// Clients with everything that can be registered of them; and their sessions, which are refreshed by themselves alone.

import Storage
import Testing

extension StoreConformance {
  private static func whole(_ id: String, secret: UInt8) -> ClientRecord {
    let authentication = ClientAuthentication(
      method: .basic, secret: .init(digest: [UInt8](repeating: secret, count: 32)),
      previousSecret: .init(digest: [UInt8](repeating: 9, count: 32), until: World.start + 5), jwks: #"{"keys":[]}"#,
      tlsSubject: "dns:shop.example")
    return ClientRecord(
      id: id, name: "Shop", isPublic: false, isFirstParty: true, grants: ["refresh_token"], audiences: ["a"],
      scopes: [], tokens: ClientTokens(kind: .reference), authentication: authentication,
      origins: ["https://app.example"], requiresDPoP: true, requiresMTLS: true, createdAt: World.start)
  }

  private func stored(_ world: World, _ id: String) async throws -> ClientRecord {
    try #require(try await world.store.clients().first { $0.id == id })
  }

  @Test(arguments: BackEnd.all) func everythingRegisteredIsKept(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      let client = Self.whole("shop", secret: 1)
      try await world.store.addClient(client, context: World.context)
      #expect(try await stored(world, "shop") == client)
      var new = client
      new.isPublic = true
      new.authentication = ClientAuthentication()
      (new.origins, new.requiresDPoP, new.requiresMTLS, new.tokens.kind) = ([], false, false, .jwt)
      let change = ClientChange(old: client, new: new, now: World.start, context: World.context)
      #expect(
        change.names == [
          "kind", "origins", "authentication", "secret", "jwks", "tls_subject", "require_dpop", "require_mtls",
          "token_form",
        ])
      #expect(try await world.store.changeClient(change))
      var after = try await stored(world, "shop")
      after.tokens.changedAt = 0
      #expect(after == new)
    }
  }

  /// Two secrets at once: the second is told, and the first one's is what stands there.
  @Test(arguments: BackEnd.all) func racingSecretsAreRotatedOnce(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      let old = Self.whole("shop", secret: 1)
      try await world.store.addClient(old, context: World.context)
      let stores = [world.store, try world.place.open()]
      let won = try await withThrowingTaskGroup(of: UInt8?.self) { group -> [UInt8] in
        for secret in UInt8(10)..<20 {
          group.addTask {
            let change = ClientChange(
              old: old, new: Self.whole("shop", secret: secret), now: World.start, context: World.context)
            return try await stores[Int(secret) % 2].changeClient(change) ? secret : nil
          }
        }
        return try await group.reduce(into: []) { if let secret = $1 { $0.append(secret) } }
      }
      #expect(won.count == 1)
      #expect(try await stored(world, "shop").authentication.secret?.digest.first == won.first)
    }
  }

  @Test(arguments: BackEnd.all) func aConfidentialClientRefreshesItself(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      var shop = Self.whole("shop", secret: 1)
      // What it must prove beside is another test's.
      (shop.requiresDPoP, shop.requiresMTLS) = (false, false)
      try await world.store.addClient(shop, context: World.context)
      let user = try await world.addUser()
      let session = try #require(await world.login(World.newSession(of: user, client: "shop"))).session.id
      func rotate(_ client: String?, _ isAuthenticated: Bool) async throws -> Outcome {
        let presented = PresentedRefresh(
          clientID: client, isAuthenticated: isAuthenticated, generation: 0, addressPrefix: 1, now: World.start + 1,
          clockIsSettling: false)
        let request = RotationRequest(
          session: session, presented: presented, policy: World.policy, context: World.context)
        return Outcome(try await world.store.rotate(request))
      }
      #expect(try await rotate(nil, false) == .refused(.unauthenticated))
      #expect(try await rotate("shop", false) == .refused(.unauthenticated))
      #expect(try await rotate("other", true) == .refused(.wrongClient))
      #expect(try await rotate("shop", true) == .rotated(to: 1))
    }
  }
}
