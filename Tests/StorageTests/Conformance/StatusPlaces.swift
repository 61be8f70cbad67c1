// Places in the status lists: one for each session that is to have one, another when it goes on without some of its tokens.

import Storage
import Testing

extension StoreConformance {
  @Test(arguments: BackEnd.all) func placesOfSessions(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      #expect(try await world.store.statusPlaces() == 0)
      #expect(try await world.session().status == nil)
      #expect(try await world.store.statusPlaces() == 0)
      let user = try await world.addUser()
      let first = try #require(try await world.login(Self.session(of: user))?.session)
      let second = try #require(try await world.login(Self.session(of: user))?.session)
      let place = try #require(first.status)
      #expect(second.status != nil && second.status != place)
      // A rotation changes nothing.
      _ = try await world.rotate(first.id, 0)
      #expect(try await world.found(first.id).status == place)
      // One token denied: the row says by which place, and the session has another.
      func deny(_ place: StatusPlace?) async throws -> Bool {
        try await world.store.denyToken(
          TokenDenial(
            id: .unique(), audience: nil, expiresAt: World.start + 600_000, status: place, sessionID: first.id,
            clientID: nil, now: World.start, context: World.context))
      }
      #expect(try await deny(place))
      #expect(try await world.store.denials(after: 0, limit: 10).map(\.status) == [place])
      let next = try await world.found(first.id).status
      #expect(next != nil && next != place && next != second.status)
      #expect(try await world.store.statusPlaces() == 3)
      // One that names the place before, and one that names none: what the session has now is nobody's but the innocent's.
      #expect(try await deny(place))
      #expect(try await deny(nil))
      #expect(try await world.store.denials(after: 0, limit: 10).map(\.status) == [place, place, nil])
      #expect(try await world.found(first.id).status == next)
    }
  }

  private static func session(of user: UniqueID) -> NewSession {
    NewSession(
      id: .unique(), userID: user, clientID: ClientRecord.builtIn, scope: "", audience: "api", amr: "pwd",
      now: World.start, idleDeadline: World.start + 600_000, absoluteDeadline: World.start + 2_000_000,
      addressPrefix: 1, device: nil, address: "192.0.2.1", userAgent: nil, hasStatus: true)
  }
}
