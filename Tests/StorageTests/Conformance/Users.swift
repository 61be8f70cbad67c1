// Users: adding, finding, paging, disabling, deleting, and their passwords.

import Storage
import Testing

extension StoreConformance {
  @Test(arguments: BackEnd.all) func addsAndFindsUsers(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      let id = try await world.addUser("ann", email: "ann@example.com")
      let user = try #require(await world.store.findUser(id: id))
      #expect(user.id == id && user.username == "ANN" && user.email == "ANN@EXAMPLE.COM")
      #expect(user.emailVerified && user.isActive && user.passwordHash == World.hash)
      #expect(user.roles == "[\"reader\"]" && user.claimsVersion == 1 && user.createdAt == World.start)
      #expect(try await world.store.findUser(loginKey: "ann")?.id == id)
      #expect(try await world.store.findUser(loginKey: "ann@example.com")?.id == id)
      #expect(try await world.store.findUser(loginKey: "ANN") == nil)
      #expect(try await world.store.findUser(loginKey: "bob") == nil)
      #expect(try await world.store.findUser(id: .unique()) == nil)
      #expect(try await world.events() == ["user_added"])
    }
  }

  @Test(arguments: BackEnd.all) func unconfirmedAddressesFindNobody(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      _ = try await world.addUser("ann", email: "shared@example.com", verified: false)
      #expect(try await world.store.findUser(loginKey: "shared@example.com") == nil)
      // Whoever merely claims an address can't keep its owner from it.
      _ = try await world.addUser("bob", email: "shared@example.com", verified: false)
      let owner = try await world.addUser("eve", email: "shared@example.com", verified: true)
      #expect(try await world.store.findUser(loginKey: "shared@example.com")?.id == owner)
    }
  }

  @Test(arguments: BackEnd.all) func refusesDuplicateUsers(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      _ = try await world.addUser("ann", email: "ann@example.com")
      await #expect(throws: StoreError.exists("username")) { try await world.addUser("ann") }
      await #expect(throws: StoreError.exists("email")) { try await world.addUser("bob", email: "ann@example.com") }
      #expect(try await world.store.findUser(loginKey: "bob") == nil)
      // Users without an address don't collide.
      _ = try await world.addUser("carl")
      _ = try await world.addUser("dora")
      #expect(try await world.events() == ["user_added", "user_added", "user_added"])
    }
  }

  @Test(arguments: BackEnd.all) func usersWithoutAPassword(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      let user = World.newUser("ann", hash: nil)
      try await world.store.addUser(user, now: World.start, context: World.context)
      #expect(try await world.store.findUser(id: user.id)?.passwordHash == nil)
      #expect(try await world.login(World.newSession(of: user.id), hash: "") == nil)
    }
  }

  @Test(arguments: BackEnd.all) func pagesThroughUsers(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      for name in ["d", "a", "c", "e", "b"] { _ = try await world.addUser(name) }
      #expect(try await world.store.users(after: "", limit: 2).map(\.username) == ["A", "B"])
      #expect(try await world.store.users(after: "b", limit: 2).map(\.username) == ["C", "D"])
      #expect(try await world.store.users(after: "d", limit: 2).map(\.username) == ["E"])
      #expect(try await world.store.users(after: "e", limit: 2).isEmpty)
    }
  }

  @Test(arguments: BackEnd.all) func disablingEndsSessions(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      let user = try await world.addUser()
      let (session, other) = (try await world.session(of: user), try await world.session())
      try await world.store.setUser(user, disabled: true, now: World.start + 5, context: World.context)
      #expect(try await world.store.findUser(id: user)?.disabledAt == World.start + 5)
      #expect(try await world.found(session.id).revokedAt == World.start + 5)
      #expect(try await world.rotate(session.id, 0) == .refused(.userInactive))
      #expect(try await world.login(World.newSession(of: user)) == nil)
      #expect(try await world.rotate(other.id, 0) == .rotated(to: 1))

      try await world.store.setUser(user, disabled: false, now: World.start + 6, context: World.context)
      #expect(try await world.store.findUser(id: user)?.isActive == true)
      // What was ended stays so.
      #expect(try await world.rotate(session.id, 0) == .refused(.revoked))
      #expect(try await world.login(World.newSession(of: user)) != nil)
      #expect(try await world.events().suffix(3) == ["user_disabled", "user_enabled", "login"])
    }
  }

  @Test(arguments: BackEnd.all) func deletingAUserDeletesTheSessions(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      let user = try await world.addUser("ann", email: "ann@example.com")
      let (session, other) = (try await world.session(of: user), try await world.session())
      try await world.store.deleteUser(user, now: World.start, context: World.context)
      #expect(try await world.store.findUser(id: user) == nil)
      #expect(try await world.store.findSession(session.id) == nil)
      #expect(try await world.rotate(session.id, 0) == .refused(.unknownSession))
      #expect(try await world.rotate(other.id, 0) == .rotated(to: 1))
      // Name and address are free again.
      _ = try await world.addUser("ann", email: "ann@example.com")
    }
  }

  @Test(arguments: BackEnd.all) func missingUsers(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      let nobody = UniqueID.unique()
      await #expect(throws: StoreError.missing("user")) {
        try await world.store.setUser(nobody, disabled: true, now: 0, context: World.context)
      }
      await #expect(throws: StoreError.missing("user")) {
        try await world.store.deleteUser(nobody, now: 0, context: World.context)
      }
      #expect(try await world.login(World.newSession(of: nobody)) == nil)
      #expect(try await world.store.sessions(of: nobody, now: 0).isEmpty)
      try await world.store.rehash(nobody, from: "a", to: "b")
      #expect(try await world.events().isEmpty)
    }
  }

  @Test(arguments: BackEnd.all) func rehashesWhatIsUnchanged(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      let (ann, bob) = (try await world.addUser("ann"), try await world.addUser("bob"))
      try await world.store.rehash(ann, from: "another", to: "new")
      #expect(try await world.store.findUser(id: ann)?.passwordHash == World.hash)
      try await world.store.rehash(ann, from: World.hash, to: "new")
      #expect(try await world.store.findUser(id: ann)?.passwordHash == "new")
      #expect(try await world.store.findUser(id: bob)?.passwordHash == World.hash)
    }
  }
}
