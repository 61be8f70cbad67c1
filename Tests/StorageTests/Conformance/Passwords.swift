// Changing a password: which sessions stay, and what the one that stays becomes.

import Storage
import Testing

extension StoreConformance {
  private func change(
    _ user: UniqueID, keeping: UniqueID?, validFrom: UInt32 = 0, at now: Int64 = World.start + 1000,
    idleTTL: Int64 = 700_000
  ) -> PasswordChange {
    PasswordChange(
      userID: user, passwordHash: "new hash", keeping: keeping, validFrom: validFrom, idleTTL: idleTTL,
      addressPrefix: 9, now: now,
      context: World.context)
  }

  @Test(arguments: BackEnd.all) func aChangedPasswordKeepsOneSession(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      let user = try await world.addUser()
      let (kept, ended) = (try await world.session(of: user), try await world.session(of: user))
      let stranger = try await world.session()
      #expect(try await world.rotate(kept.id, 0) == .rotated(to: 1))

      let answer = try #require(await world.store.changePassword(change(user, keeping: kept.id)))
      #expect(answer.session.generation == 2 && answer.session.validFrom == 2)
      #expect(answer.session.idleDeadline == World.start + 701_000 && answer.session.rotatedFrom == 9)
      let found = try await world.found(kept.id)
      #expect(found.generation == 2 && found.validFrom == 2 && found.rotatedAt == World.start + 1000)
      #expect(found.idleDeadline == answer.session.idleDeadline && found.revokedAt == nil)
      #expect(try await world.store.findUser(id: user)?.passwordHash == "new hash")
      #expect(try await world.found(ended.id).revokedAt == World.start + 1000)
      #expect(try await world.found(stranger.id).revokedAt == nil)
      #expect(try await world.login(World.newSession(of: user)) == nil)
      #expect(try await world.rotate(kept.id, 2, after: 2000) == .rotated(to: 3))
      #expect(try await world.events().suffix(2) == ["login", "password"])
    }
  }

  /// The bearer of a change was checked before another change was made: it may be the one that was made against it.
  @Test(arguments: BackEnd.all) func anOvertakenChangeIsVoid(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      let user = try await world.addUser()
      let session = try await world.session(of: user)
      #expect(try await world.store.changePassword(change(user, keeping: session.id))?.session.validFrom == 1)
      await #expect(throws: StoreError.missing("session")) {
        try await world.store.changePassword(change(user, keeping: session.id))
      }
      #expect(try await world.found(session.id).generation == 1)
      #expect(
        try await world.store.changePassword(change(user, keeping: session.id, validFrom: 1))?.session.validFrom == 2)
    }
  }

  @Test(arguments: BackEnd.all) func theNewTokensAreGivenAgainWhereTheyWereAskedFor(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      let user = try await world.addUser()
      let session = try await world.session(of: user)
      _ = try await world.store.changePassword(change(user, keeping: session.id))
      #expect(try await world.rotate(session.id, 0, after: 2000, from: 9) == .retried(1))
      #expect(try await world.rotate(session.id, 0, after: 2000, from: 8) == .refused(.passwordChanged))
      #expect(try await world.rotate(session.id, 1, after: 2000, from: 9) == .rotated(to: 2))
      #expect(try await world.rotate(session.id, 1, after: 2000, from: 8) == .elsewhere(2))
    }
  }

  @Test(arguments: BackEnd.all) func aChangedPasswordMayEndEverySession(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      let user = try await world.addUser()
      let session = try await world.session(of: user)
      #expect(try await world.store.changePassword(change(user, keeping: nil)) == nil)
      #expect(try await world.rotate(session.id, 0) == .refused(.revoked))
    }
  }

  @Test(arguments: BackEnd.all) func changesThatChangeNothing(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      let user = try await world.addUser()
      let (session, foreign) = (try await world.session(of: user), try await world.session())
      await #expect(throws: StoreError.missing("user")) {
        try await world.store.changePassword(change(.unique(), keeping: nil))
      }
      for keeping in [UniqueID.unique(), foreign.id] {
        await #expect(throws: StoreError.missing("session")) {
          try await world.store.changePassword(change(user, keeping: keeping))
        }
      }
      // Expired at that moment.
      await #expect(throws: StoreError.missing("session")) {
        try await world.store.changePassword(change(user, keeping: session.id, at: World.start + 600_000))
      }
      #expect(try await world.store.findUser(id: user)?.passwordHash == World.hash)
      #expect(try await world.found(session.id).revokedAt == nil)
      #expect(try await world.found(foreign.id).generation == 0)
      #expect(try await world.events().contains("password") == false)
    }
  }

  @Test(arguments: BackEnd.all) func theKeptSessionObeysItsDeadlines(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      let user = try await world.addUser()
      let session = try #require(await world.login(World.newSession(of: user, absolute: 601_000))).session
      let answer = try await world.store.changePassword(change(user, keeping: session.id))
      #expect(answer?.session.idleDeadline == World.start + 601_000)
    }
  }

  @Test(arguments: BackEnd.all) func theKeptSessionHoldsTodaysClaims(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      let user = try await world.addUser()
      let session = try await world.session(of: user)
      try world.place.execute("UPDATE \"user\" SET claims_version = 5")
      let answer = try await world.store.changePassword(change(user, keeping: session.id))
      #expect(answer?.session.claimsVersion == 5)
      #expect(try await world.found(session.id).claimsVersion == 5)
    }
  }

  @Test(arguments: BackEnd.all) func theLastGenerationCannotBeKept(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      let user = try await world.addUser()
      let session = try await world.session(of: user)
      try world.place.execute("UPDATE session SET generation = 4294967295")
      await #expect(throws: StoreError.missing("session")) {
        try await world.store.changePassword(change(user, keeping: session.id))
      }
    }
  }
}
