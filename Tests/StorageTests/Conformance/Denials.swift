// What is refused before it expires: which rows each way of ending a session leaves, and until when.

import Storage
import Testing

extension World {
  /// A life of ten minutes for access tokens, in a store which denies what they may still reach.
  static let life: Int64 = 600_000

  func addSigningKey() async throws {
    try await store.addSecrets([Self.anchor], anchor: nil, now: Self.start)
    var key = Self.key("a", .active)
    key.tokenLifetime = Self.life
    #expect(try await store.changeKeys(Self.change(adding: [key])))
  }

  /// Rows without their place.
  func denied() async throws -> [Denial.Subject] {
    try await store.denials(after: 0, limit: 1000).map(\.subject)
  }

  func end(_ session: UniqueID, after delay: Int64 = 1) async throws {
    _ = try await store.endSession(
      session, of: nil, reason: .logout, event: .logout, now: Self.start + delay, context: Self.context)
  }

  static let year: Int64 = 365 * 86_400_000

  func deny(
    _ token: UniqueID, until expiry: Int64 = World.start + 600_000, now: Int64 = World.start
  ) async throws -> Bool {
    try await store.denyToken(
      TokenDenial(
        id: token, audience: "https://api.example", expiresAt: expiry, clientID: "shop", now: now,
        context: World.context))
  }

  /// Sweeps once, which looks at every row of a small store.
  func sweepDenials(before: Int64) async throws {
    _ = try await store.sweepDenials(after: 0, before: Self.start + before, step: SweepStep(rows: 1000, removals: 1000))
  }

  func passwordChange(_ user: UniqueID, keeping: UniqueID?) -> PasswordChange {
    PasswordChange(
      userID: user, passwordHash: "new", keeping: keeping, idleTTL: 600_000, addressPrefix: 1, now: Self.start + 5,
      context: Self.context)
  }
}

extension StoreConformance {
  /// Each way in which a session ends at a moment, but for a change of the password and of the keys. The last two end none
  /// that has expired.
  private static let endings: [@Sendable (World, SessionRecord, Int64) async throws -> Void] = [
    { world, session, now in try await world.end(session.id, after: now - World.start) },
    { world, session, now in
      _ = try await world.store.endSessions(
        of: session.userID, reason: .operator, event: .logoutAll, now: now, context: World.context)
    },
    { world, session, now in
      try await world.store.setUser(session.userID, disabled: true, now: now, context: World.context)
    },
    { world, session, now in
      try await world.store.deleteUser(session.userID, now: now, context: World.context)
    },
    { world, session, now in
      try await world.store.deleteClient(ClientRecord.builtIn, now: now, context: World.context)
    },
    { world, session, now in
      _ = try await world.login(World.newSession(of: session.userID, at: now), max: 1)
    },
    { world, session, now in
      _ = try await world.rotate(session.id, 0, after: now - World.start)
      _ = try await world.rotate(session.id, 0, after: now - World.start + 100_000)
    },
  ]

  @Test(arguments: BackEnd.all, 0..<7) func everyEndingDenies(_ backEnd: BackEnd, _ number: Int) async throws {
    try await backEnd.run { world in
      try await world.addSigningKey()
      let session = try await world.session()
      try await Self.endings[number](world, session, World.start + 1)
      let row = try #require(try await world.store.denials(after: 0, limit: 10).first)
      #expect(try await world.denied() == [.session(session.id, validFrom: nil)])
      #expect(row.sequence == 1 && row.audience == "https://api.example")
      for generation in [0, 1, UInt32.max] {
        let token = DeniableToken(session: session.id, generation: generation, id: .unique())
        #expect(try await world.store.isDenied(token))
      }
      #expect(try await world.store.isDenied(DeniableToken(session: .unique(), generation: 0, id: session.id)) == false)
      // Ended already: nothing is added.
      try await world.end(session.id, after: 7)
      #expect(try await world.denied().count == 1)
    }
  }

  /// A clock that is a year ahead, with NTP about to set it back: what it takes for expired lives on then.
  @Test(arguments: BackEnd.all, 0..<5) func whatAWrongClockEndsIsDenied(_ backEnd: BackEnd, _ number: Int) async throws
  {
    try await backEnd.run { world in
      try await world.addSigningKey()
      let session = try await world.session()
      try await Self.endings[number](world, session, World.start + World.year)
      let row = try #require(try await world.store.denials(after: 0, limit: 10).first)
      #expect(row.subject == .session(session.id, validFrom: nil))
      #expect(row.expiresAt == World.start + World.life * 3 / 2 + Denial.leeway)
      let token = UniqueID.unique()
      #expect(try await world.deny(token, now: World.start + World.year))
      #expect(try await world.store.isDenied(DeniableToken(session: nil, generation: 0, id: token)))
    }
  }

  @Test(arguments: BackEnd.all) func aNewPasswordDeniesTheOldTokens(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      try await world.addSigningKey()
      let user = try await world.addUser()
      let (kept, ended) = (try await world.session(of: user), try await world.session(of: user))
      #expect(try await world.rotate(kept.id, 0) == .rotated(to: 1))
      _ = try #require(await world.store.changePassword(world.passwordChange(user, keeping: kept.id)))
      #expect(
        try await world.denied() == [.session(ended.id, validFrom: nil), .session(kept.id, validFrom: 2)])
      func isDenied(_ generation: UInt32) async throws -> Bool {
        try await world.store.isDenied(DeniableToken(session: kept.id, generation: generation, id: .unique()))
      }
      #expect(try await isDenied(1))
      #expect(try await isDenied(2) == false)
      try await world.end(kept.id, after: 9)
      #expect(try await isDenied(2))
    }
  }

  /// When the last token of a session expires: what the row tells until when it is listed.
  @Test(
    arguments: [
      // Ended right after the login: a retry may still have been answered now.
      (1, nil, 2_000_000, 1 + World.life),
      // Half a life later no retry is answered any more.
      (500_000, nil, 2_000_000, World.life * 3 / 2),
      // Bound to a key: a retry is answered at any time.
      (500_000, [1, 2], 2_000_000, 500_000 + World.life),
      // No token outlives the session's absolute deadline.
      (1, nil, 300_000, 300_000),
      // A clock which was set back: the token lives on from its own time.
      (-100_000, nil, 2_000_000, World.life),
      // Services with clocks that are behind take it for five minutes more.
      (World.life * 3 / 2 + Denial.leeway - 1, nil, 2_000_000, World.life * 3 / 2),
      // What the sweep would delete at once is not written.
      (World.life * 3 / 2 + Denial.leeway, nil, 2_000_000, nil),
    ] as [(Int64, [UInt8]?, Int64, Int64?)])
  func deniedUntilTheLastTokenHasExpired(
    _ delay: Int64, _ confirmation: [UInt8]?, _ absolute: Int64, _ expiry: Int64?
  ) async throws {
    for backEnd in BackEnd.all {
      try await backEnd.run { world in
        try await world.addSigningKey()
        let user = try await world.addUser()
        let new = World.newSession(of: user, absolute: absolute, confirmation: confirmation)
        try await world.login(new)
        try await world.sweepDenials(before: max(0, delay))
        try await world.end(new.id, after: delay)
        let row = try await world.store.denials(after: 0, limit: 10).first
        #expect(row?.expiresAt == expiry.map { World.start + $0 + Denial.leeway })
        #expect(row.map { $0.deniedAt == World.start + delay } != false)
      }
    }
  }

  @Test(arguments: BackEnd.all) func deniesOneToken(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      let (token, other) = (UniqueID.unique(), UniqueID.unique())
      #expect(try await world.deny(token))
      #expect(try await world.deny(token) == false)
      try await world.sweepDenials(before: 0)
      #expect(try await world.deny(other, until: World.start - Denial.leeway) == false)
      let expected = Denial(
        sequence: 1, subject: .token(token), audience: "https://api.example", deniedAt: World.start,
        expiresAt: World.start + 600_000 + Denial.leeway)
      #expect(try await world.store.denials(after: 0, limit: 10) == [expected])
      #expect(try await world.store.isDenied(DeniableToken(session: nil, generation: 0, id: token)))
      #expect(try await world.store.isDenied(DeniableToken(session: token, generation: 0, id: other)) == false)
      #expect(try await world.events() == ["token_revoked"])
    }
  }

  @Test(arguments: BackEnd.all) func revokedKeysAreListedOnce(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      try await world.addKeys()
      _ = try await world.session()
      #expect(try await world.store.changeKeys(World.change([World.step("b", .pending, .revoke)], after: 10)))
      let row = try #require(try await world.store.denials(after: 0, limit: 10).first)
      #expect(row.subject == .key("b") && row.audience == nil)
      #expect(row.expiresAt == World.start + 10 + Denial.keyPeriod)
      let material = try await world.store.keyMaterial()
      #expect(try await world.store.replaceKeys(world.replacement(of: material)) == 1)
      // With every key its tokens are denied: no row for the session.
      #expect(try await world.denied() == [.key("b"), .key("a")])
    }
  }

  @Test(arguments: BackEnd.all) func expiredRowsGoButTheLast(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      try await world.addSigningKey()
      for number in 0..<10 { try await world.end(try await world.session().id, after: Int64(number)) }
      func sweep(_ before: Int64, removals: Int = 4) async throws -> [Int] {
        var (cursor, removed): (Int64?, [Int]) = (0, [])
        while let after = cursor {
          let step = SweepStep(rows: 5, removals: removals)
          let swept = try await world.store.sweepDenials(after: after, before: World.start + before, step: step)
          removed.append(swept.removed)
          cursor = swept.next
        }
        return removed
      }
      let last = World.life + Denial.leeway + 9
      #expect(try await sweep(last - 5).reduce(0, +) == 4)
      #expect(try await world.store.denials(after: 0, limit: 100).map(\.sequence) == Array(5...10))
      #expect(try await sweep(last + 100) == [4, 1])
      // Its number must not be given again.
      #expect(try await world.store.denials(after: 0, limit: 100).map(\.sequence) == [10])
      try await world.end(try await world.session().id, after: 1)
      #expect(try await world.store.denials(after: 10, limit: 100).map(\.sequence) == [11])
    }
  }
}
