// Every row of the decision about a presented refresh token, and what it leaves in the store.

import Storage
import Testing

extension StoreConformance {
  @Test(arguments: BackEnd.all) func theCurrentTokenRotates(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      let session = try await world.session()
      #expect(try await world.rotate(session.id, 0, after: 1000, from: 5) == .rotated(to: 1))
      let found = try await world.found(session.id)
      #expect(found.generation == 1 && found.rotatedAt == World.start + 1000 && found.rotatedFrom == 5)
      #expect(found.idleDeadline == World.start + 1000 + World.policy.idleTTL && found.validFrom == 0)
      #expect(found.absoluteDeadline == session.absoluteDeadline && found.authTime == session.authTime)
      #expect(try await world.rotate(session.id, 1, after: 2000) == .rotated(to: 2))
      #expect(try await world.events() == ["user_added", "login"])
    }
  }

  @Test(arguments: BackEnd.all) func onlyAClientRegisteredForItRefreshes(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      try await world.addClient("once", grants: ["password"])
      let user = try await world.addUser()
      let session = try #require(await world.login(World.newSession(of: user, client: "once"))).session
      #expect(try await world.rotate(session.id, 0) == .refused(.grant))
      #expect(try await world.found(session.id).generation == 0)
    }
  }

  @Test(arguments: BackEnd.all) func rotationAddsNoRow(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      let session = try await world.session()
      for generation in 0..<50 { _ = try await world.rotate(session.id, UInt32(generation)) }
      #expect(try await world.store.sessions(of: session.userID, now: World.start).count == 1)
      #expect(try await world.events().count == 2)
      let step = SweepStep(rows: 9, removals: 9)
      #expect(try await world.store.sweepSessions(after: nil, before: .max, step: step).removed == 1)
    }
  }

  @Test(arguments: BackEnd.all) func aLostAnswerIsRepeated(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      let session = try await world.session()
      #expect(try await world.rotate(session.id, 0, after: 1000) == .rotated(to: 1))
      let before = try await world.found(session.id)
      for delay in [1000, 31_000, 61_000] as [Int64] {
        #expect(try await world.rotate(session.id, 0, after: delay) == .retried(1))
      }
      let found = try await world.found(session.id)
      #expect(found.rotatedAt == before.rotatedAt && found.idleDeadline == before.idleDeadline)
      #expect(found.retriedElsewhere == 0)
      #expect(try await world.events() == ["user_added", "login"])
    }
  }

  @Test(arguments: BackEnd.all) func retriesFromElsewhereAreCounted(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      let session = try await world.session()
      _ = try await world.rotate(session.id, 0)
      #expect(try await world.rotate(session.id, 0, from: 2) == .elsewhere(1))
      #expect(try await world.found(session.id).retriedElsewhere == 1)
      #expect(try await world.rotate(session.id, 0, from: 3) == .elsewhere(1))
      #expect(try await world.found(session.id).retriedElsewhere == 2)
      #expect(try await world.events().filter { $0 == "retried_elsewhere" }.count == 1)
      #expect(try await world.rotate(session.id, 1, from: 2) == .rotated(to: 2))
      #expect(try await world.found(session.id).retriedElsewhere == 0)
    }
  }

  @Test(arguments: BackEnd.all) func aRetryFromElsewhereAnswersWithTheRowAsItStands(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      let session = try await world.session()
      _ = try await world.rotate(session.id, 0)
      let presented = PresentedRefresh(
        clientID: nil, generation: 0, addressPrefix: 2, now: World.start, clockIsSettling: false)
      let request = RotationRequest(
        session: session.id, presented: presented, policy: World.policy, context: World.context)
      guard case .retried(let answer, elsewhere: true) = try await world.store.rotate(request) else {
        Issue.record("not a retry from elsewhere")
        return
      }
      #expect(answer.session.retriedElsewhere == 1)
    }
  }

  @Test(arguments: BackEnd.all) func theSecondRetryFromElsewhereMayEndTheSession(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      var policy = World.policy
      policy.revokesRetriesElsewhere = true
      let session = try await world.session()
      _ = try await world.rotate(session.id, 0, policy: policy)
      #expect(try await world.rotate(session.id, 0, from: 2, policy: policy) == .elsewhere(1))
      // The count is of retries in a row: a rotation begins anew.
      #expect(try await world.rotate(session.id, 1, policy: policy) == .rotated(to: 2))
      #expect(try await world.rotate(session.id, 1, from: 2, policy: policy) == .elsewhere(2))
      // From where it was rotated, nobody is suspected.
      #expect(try await world.rotate(session.id, 1, policy: policy) == .retried(2))
      #expect(try await world.rotate(session.id, 1, after: 7, from: 3, policy: policy) == .reused(distance: 1, age: 7))
      #expect(try await world.found(session.id).revokedAt == World.start + 7)
    }
  }

  @Test(arguments: BackEnd.all) func theStrictWindow(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      var policy = World.policy
      policy.retryWindow = 0
      let session = try await world.session()
      _ = try await world.rotate(session.id, 0, policy: policy)
      #expect(try await world.rotate(session.id, 0, policy: policy) == .reused(distance: 1, age: 0))
    }
  }

  @Test(arguments: BackEnd.all) func spentTokensEndTheSession(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      let late = try await world.session()
      _ = try await world.rotate(late.id, 0)
      #expect(try await world.rotate(late.id, 0, after: 60_001) == .reused(distance: 1, age: 60_001))
      #expect(try await world.rotate(late.id, 1, after: 60_002) == .refused(.revoked))

      let older = try await world.session()
      for generation in 0..<3 { _ = try await world.rotate(older.id, UInt32(generation)) }
      #expect(try await world.rotate(older.id, 1, settling: true) == .reused(distance: 2, age: 0))
      let record = try #require(await world.store.audit(after: 0, limit: 100).last)
      #expect(record.event == "reuse" && record.sessionID == older.id && record.userID == older.userID)
      #expect(record.detail == "{\"distance\":2,\"age_ms\":0}" && record.clientID == ClientRecord.builtIn)
      // The store's own answer stays: nothing is audited twice.
      #expect(try await world.rotate(older.id, 1) == .refused(.revoked))
      #expect(try await world.events().filter { $0 == "reuse" }.count == 2)
    }
  }

  @Test(arguments: BackEnd.all) func lostCommitsAreAdopted(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      let session = try await world.session()
      #expect(try await world.rotate(session.id, 5) == .ahead(to: 6))
      #expect(try await world.found(session.id).generation == 6)
      let record = try #require(await world.store.audit(after: 0, limit: 100).last)
      #expect(record.event == "ahead" && record.detail == "{\"generations\":5}")
      #expect(try await world.rotate(session.id, 5) == .retried(6))
    }
  }

  @Test(arguments: BackEnd.all) func theLastGenerations(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      let session = try await world.session()
      #expect(try await world.rotate(session.id, .max) == .refused(.expired))
      #expect(try await world.rotate(session.id, .max - 1) == .ahead(to: .max))
      #expect(try await world.found(session.id).generation == .max)
      #expect(try await world.rotate(session.id, .max) == .refused(.expired))
      #expect(try await world.rotate(session.id, .max - 1) == .retried(.max))
      #expect(try await world.rotate(session.id, 0) == .reused(distance: Int(UInt32.max), age: 0))
    }
  }

  @Test(arguments: BackEnd.all) func refusalsChangeNothing(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      let session = try await world.session()
      for generation in 0..<3 { _ = try await world.rotate(session.id, UInt32(generation)) }
      #expect(try await world.rotate(.unique(), 3) == .refused(.unknownSession))
      // Each with a token that would be reuse, to show that the refusal comes first.
      #expect(try await world.rotate(session.id, 0, client: "another") == .refused(.wrongClient))
      #expect(try await world.rotate(session.id, 0, scope: "read admin") == .refused(.scope))
      #expect(try await world.rotate(session.id, 0, after: 600_000) == .refused(.expired))
      // Time that runs backwards, or just jumped, decides nothing.
      #expect(try await world.rotate(session.id, 2, after: -5001) == .refused(.clock))
      #expect(try await world.rotate(session.id, 2, after: 60_001, settling: true) == .refused(.clock))
      #expect(try await world.rotate(session.id, 2, after: -5000) == .retried(3))
      let found = try await world.found(session.id)
      #expect(found.generation == 3 && found.revokedAt == nil && found.retriedElsewhere == 0)
      let right = try await world.rotate(session.id, 3, client: ClientRecord.builtIn, scope: "write")
      #expect(right == .rotated(to: 4))
    }
  }

  @Test(arguments: BackEnd.all) func deadlines(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      let user = try await world.addUser()
      let session = try #require(await world.login(World.newSession(of: user, absolute: 1_000_000))).session
      #expect(try await world.rotate(session.id, 0, after: 599_999) == .rotated(to: 1))
      // The idle deadline moved, but never past the absolute one.
      #expect(try await world.found(session.id).idleDeadline == World.start + 1_000_000)
      #expect(try await world.rotate(session.id, 1, after: 999_999) == .rotated(to: 2))
      #expect(try await world.rotate(session.id, 2, after: 1_000_000) == .refused(.expired))
      #expect(try await world.found(session.id).revokedAt == nil)
    }
  }

  @Test(arguments: BackEnd.all) func clientsHaveLifetimesOfTheirOwn(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      try await world.addClient("short", accessTTL: 20_000, idleTTL: 30_000)
      let user = try await world.addUser()
      let session = try #require(await world.login(World.newSession(of: user, client: "short"))).session
      #expect(session.clientAccessTTL == 20_000 && session.clientIdleTTL == 30_000)
      #expect(try await world.rotate(session.id, 0, client: "short") == .rotated(to: 1))
      #expect(try await world.found(session.id).idleDeadline == World.start + 30_000)
      // Half of the access token's life.
      #expect(try await world.rotate(session.id, 0, after: 10_000) == .retried(1))
      #expect(try await world.rotate(session.id, 0, after: 10_001) == .reused(distance: 1, age: 10_001))
    }
  }

  @Test(arguments: BackEnd.all) func boundSessionsNeedTheirKey(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      let user = try await world.addUser()
      let session = try #require(await world.login(World.newSession(of: user, confirmation: [1, 2, 3]))).session
      func rotate(_ generation: UInt32, proven: [UInt8]?, after delay: Int64 = 0) async throws -> Outcome {
        let presented = PresentedRefresh(
          clientID: nil, proven: proven, generation: generation, addressPrefix: 1, now: World.start + delay,
          clockIsSettling: false)
        return Outcome(
          try await world.store.rotate(
            RotationRequest(session: session.id, presented: presented, policy: World.policy, context: World.context)))
      }
      #expect(try await rotate(0, proven: nil) == .refused(.unproven))
      #expect(try await rotate(0, proven: [1, 2, 4]) == .refused(.unproven))
      #expect(try await rotate(0, proven: [1, 2, 3]) == .rotated(to: 1))
      // The window has no end where the key was proved.
      #expect(try await rotate(0, proven: [1, 2, 3], after: 500_000) == .retried(1))
    }
  }

  @Test(arguments: BackEnd.all) func claimsAreTodays(_ backEnd: BackEnd) async throws {
    try await backEnd.run { world in
      let session = try await world.session()
      try world.place.execute("UPDATE \"user\" SET claims_version = 4")
      #expect(try await world.found(session.id).claimsVersion == 1)
      #expect(try await world.rotate(session.id, 0) == .rotated(to: 1))
      #expect(try await world.found(session.id).claimsVersion == 4)
    }
  }
}
