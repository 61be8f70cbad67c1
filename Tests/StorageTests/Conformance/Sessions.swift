// Sessions but for rotation: login, the list, ending, sweeping.

import Storage
import Testing

extension StoreConformance {
  /// Swift takes the Kelvin sign for equal to K; a service's audience check doesn't.
  @Test(arguments: BackEnd.all) func textsAreKeptByTheirBytes(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      let user = try await world.addUser()
      for audience in ["\u{212A}8", "K8"] {
        let found = try #require(await world.login(World.newSession(of: user, audience: audience)))
        #expect(found.session.audience.utf8.elementsEqual(audience.utf8))
      }
    }
  }

  @Test(arguments: BackEnd.all) func loginKeepsEveryMember(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      let user = try await world.addUser()
      let new = World.newSession(of: user, confirmation: [1, 2, 3])
      let answer = try #require(await world.login(new))
      for session in [answer.session, try await world.found(new.id)] {
        #expect(session.id == new.id && session.userID == user && session.clientID == ClientRecord.builtIn)
        #expect(session.scope == "read write" && session.audience == "https://api.example" && session.amr == "pwd")
        #expect(session.authTime == World.start && session.createdAt == World.start)
        #expect(session.idleDeadline == new.idleDeadline && session.absoluteDeadline == new.absoluteDeadline)
        #expect(session.generation == 0 && session.validFrom == 0 && session.rotatedAt == World.start)
        #expect(session.rotatedFrom == 1 && session.claimsVersion == 1 && session.retriedElsewhere == 0)
        #expect(session.revokedAt == nil && session.confirmation == [1, 2, 3])
        #expect(session.device == "phone" && session.address == "192.0.2.1" && session.userAgent == "Browser/1")
        #expect(session.clientAccessTTL == nil && session.clientIdleTTL == nil)
      }
      #expect(answer.user.id == user)
    }
  }

  @Test(arguments: BackEnd.all) func emptyTextsAndMissingMembers(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      let user = try await world.addUser()
      let new = NewSession(
        id: .unique(), userID: user, clientID: ClientRecord.builtIn, scope: "", audience: "", amr: "", now: World.start,
        idleDeadline: World.start + 1, absoluteDeadline: World.start + 1, addressPrefix: .min, device: nil, address: "",
        userAgent: nil)
      try await world.login(new)
      let session = try await world.found(new.id)
      #expect(session.scope.isEmpty && session.audience.isEmpty && session.address.isEmpty)
      #expect(session.device == nil && session.userAgent == nil && session.confirmation == nil)
      #expect(session.rotatedFrom == .min)
    }
  }

  @Test(arguments: BackEnd.all) func loginIsRefused(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      let user = try await world.addUser()
      // The password was changed since it was verified.
      #expect(try await world.login(World.newSession(of: user), hash: "another") == nil)
      #expect(try await world.login(World.newSession(of: user, client: "nobody")) == nil)
      #expect(try await world.store.sessions(of: user, now: World.start).isEmpty)
      #expect(try await world.events() == ["user_added"])
    }
  }

  @Test(arguments: BackEnd.all) func theOldestSessionGoes(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      let user = try await world.addUser()
      var ids: [UniqueID] = []
      for delay in 0..<4 {
        let new = World.newSession(of: user, at: World.start + Int64(delay))
        ids.append(try #require(await world.login(new, max: 2)).session.id)
      }
      #expect(try await world.store.sessions(of: user, now: World.start + 9).map(\.id) == [ids[3], ids[2]])
      #expect(try await world.found(ids[0]).revokedAt == World.start + 2)
      // Refreshing makes nobody younger: the oldest login goes.
      #expect(try await world.rotate(ids[2], 0, after: 10) == .rotated(to: 1))
      try await world.login(World.newSession(of: user, at: World.start + 20), max: 2)
      #expect(try await world.rotate(ids[2], 1, after: 21) == .refused(.revoked))
    }
  }

  @Test(arguments: BackEnd.all) func expiredSessionsTakeNoPlace(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      let user = try await world.addUser()
      let old = try await world.session(of: user)
      let young = try await world.session(of: user, at: World.start + 500_000)
      try await world.login(World.newSession(of: user, at: World.start + 700_000), max: 2)
      #expect(try await world.found(old.id).revokedAt == nil)
      #expect(try await world.found(young.id).revokedAt == nil)
    }
  }

  @Test(arguments: BackEnd.all) func listsLiveSessions(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      let user = try await world.addUser()
      let (old, young) = (
        try await world.session(of: user), try await world.session(of: user, at: World.start + 10)
      )
      _ = try await world.session()
      #expect(try await world.store.sessions(of: user, now: World.start + 10).map(\.id) == [young.id, old.id])
      #expect(try await world.store.sessions(of: user, now: World.start + 600_000).map(\.id) == [young.id])
      #expect(try await world.store.sessions(of: user, now: World.start + 600_010).isEmpty)
    }
  }

  @Test(arguments: BackEnd.all) func endsOneSession(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      let user = try await world.addUser()
      let (session, other) = (try await world.session(of: user), try await world.session())
      func end(_ id: UniqueID, of user: UniqueID?, after delay: Int64 = 1) async throws -> Bool {
        try await world.store.endSession(
          id, of: user, reason: .logout, event: .logout, now: World.start + delay, context: World.context)
      }
      #expect(try await end(other.id, of: user) == false)
      #expect(try await end(.unique(), of: nil) == false)
      #expect(try await world.events().contains("logout") == false)
      #expect(try await end(session.id, of: user))
      #expect(try await end(session.id, of: user) == false)
      #expect(try await end(other.id, of: nil))
      #expect(try await world.rotate(session.id, 0) == .refused(.revoked))
      #expect(try await world.events().suffix(2) == ["logout", "logout"])
    }
  }

  @Test(arguments: BackEnd.all) func endsEverySession(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      let user = try await world.addUser()
      for delay in 0..<3 { _ = try await world.session(of: user, at: World.start + Int64(delay)) }
      let other = try await world.session()
      func endAll() async throws -> Int {
        try await world.store.endSessions(
          of: user, reason: .logout, event: .logoutAll, now: World.start + 10, context: World.context)
      }
      #expect(try await endAll() == 3)
      #expect(try await endAll() == 0)
      #expect(try await world.store.sessions(of: user, now: World.start + 10).isEmpty)
      #expect(try await world.rotate(other.id, 0) == .rotated(to: 1))
    }
  }

  /// A clock that jumped ahead must not let sessions survive their logout: they would live again once it is set right.
  @Test(arguments: BackEnd.all) func endingOutlastsAJumpOfTheClock(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      let user = try await world.addUser()
      let (first, second) = (try await world.session(of: user), try await world.session(of: user))
      let later = World.start + 86_400_000
      let ended = try await world.store.endSession(
        first.id, of: user, reason: .logout, event: .logout, now: later, context: World.context)
      #expect(try await world.rotate(first.id, 0, after: 20) == .refused(.revoked))
      let count = try await world.store.endSessions(
        of: user, reason: .logout, event: .logoutAll, now: later, context: World.context)
      // Nobody could tell them from expired ones, which don't count.
      #expect(!ended && count == 0)
      #expect(try await world.rotate(second.id, 0, after: 20) == .refused(.revoked))
    }
  }

  @Test(arguments: BackEnd.all) func sweepsInSmallSteps(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      let user = try await world.addUser()
      var ids: [UniqueID] = []
      for number in 0..<10 { ids.append(try await world.session(of: user, at: World.start + Int64(number)).id) }
      let revoked = try await world.session(of: user, at: World.start + 900_000)
      _ = try await world.store.endSession(
        revoked.id, of: nil, reason: .logout, event: .logout, now: World.start + 900_001, context: World.context)
      // Those whose deadline is before start + 600,005, and none of the others.
      #expect(try await sweep(world, before: World.start + 600_005, limit: 3) == 4)
      for (number, id) in ids.enumerated() {
        #expect(try await (world.store.findSession(id) == nil) == (number < 5))
      }
      #expect(try await world.store.findSession(revoked.id) != nil)
      _ = try await sweep(world, before: World.start + 900_002, limit: 100)
      for id in ids + [revoked.id] { #expect(try await world.store.findSession(id) == nil) }
    }
  }

  /// What was looked at beyond the deletions of a step isn't passed over.
  @Test(arguments: BackEnd.all) func sweepsNoMoreThanAStep(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      let user = try await world.addUser()
      for _ in 0..<10 { _ = try await world.session(of: user) }
      let step = SweepStep(rows: 100, removals: 4)
      var (cursor, removed): (UniqueID?, [Int]) = (nil, [])
      repeat {
        let sweep = try await world.store.sweepSessions(after: cursor, before: .max, step: step)
        removed.append(sweep.removed)
        cursor = sweep.next
      } while cursor != nil
      #expect(removed == [4, 4, 2])
      #expect(try await world.store.sessions(of: user, now: World.start).isEmpty)
    }
  }

  /// One that was refreshed between two sweeps lives on.
  @Test(arguments: BackEnd.all) func sweepsNothingAlive(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      let session = try await world.session()
      #expect(try await world.rotate(session.id, 0, after: 500_000) == .rotated(to: 1))
      #expect(try await sweep(world, before: World.start + 600_001, limit: 10) == 1)
      #expect(try await world.rotate(session.id, 1, after: 600_001) == .rotated(to: 2))
    }
  }

  /// Sweeps to the end; in how many steps.
  private func sweep(_ world: World, before: Int64, limit: Int) async throws -> Int {
    var (cursor, steps): (UniqueID?, Int) = (nil, 0)
    repeat {
      let step = SweepStep(rows: limit, removals: limit)
      cursor = try await world.store.sweepSessions(after: cursor, before: before, step: step).next
      steps += 1
    } while cursor != nil
    return steps
  }
}
