// Sessions leave the store a day after their end, a step at a time, and never while the clock may be wrong.

import Identity
import Passwords
import Storage
import Telemetry
import Testing

@Suite struct SessionSweepTests {
  private struct Users {
    let world: World
    let fake = FakeClock()
    let issuer: Issuer
    let pool: HashingPool

    init() async throws {
      world = try World()
      var policy = Policy.standard
      policy.maxSessionsPerUser = 10_000
      (issuer, pool) = try await world.issuer(try await world.ring(), clock: fake.clock, policy: policy)
      _ = try await world.addUser("ada", "correct horse", pool)
    }

    func login() async throws -> TokenAnswer {
      try await issuer.login(LoginRequest(username: "ada", password: "correct horse"), from: requester)
    }
  }

  @Test func goneADayAfterTheEnd() async throws {
    let users = try await Users()
    let (old, ended) = (try await users.login(), try await users.login())
    try await users.issuer.logout(refreshToken: ended.refreshToken, all: false, from: requester)
    var sweep = SessionSweep(users.issuer.authority)
    users.fake.pass(SessionSweep.grace)
    #expect(await sweep.step() == SessionSweep.interval)
    // Told for what it is.
    await #expect(throws: Refusal(.invalidGrant, cause: "session_revoked")) {
      try await users.issuer.refresh(RefreshRequest(refreshToken: ended.refreshToken), from: requester)
    }
    users.fake.pass(1)
    #expect(await sweep.step() == SessionSweep.interval)
    #expect(try await users.world.store.findSession(ended.sessionID) == nil)
    #expect(try await users.world.store.findSession(old.sessionID) != nil)
    users.fake.pass(Policy.standard.idleTTL)
    _ = await sweep.step()
    #expect(try await users.world.store.findSession(old.sessionID) == nil)
    users.pool.stop()
  }

  @Test func nothingWhileTheClockIsSettling() async throws {
    let users = try await Users()
    let session = try await users.login()
    var sweep = SessionSweep(users.issuer.authority)
    users.fake.jump(3 * SessionSweep.grace)
    _ = await sweep.step()
    users.fake.pass(Clock.settling - 1)
    _ = await sweep.step()
    #expect(try await users.world.store.findSession(session.sessionID) != nil)
    users.fake.pass(1)
    _ = await sweep.step()
    #expect(try await users.world.store.findSession(session.sessionID) == nil)
    users.pool.stop()
  }

  @Test func manyLeaveInSteps() async throws {
    let users = try await Users()
    for _ in 0..<450 { _ = try await users.login() }
    var sweep = SessionSweep(users.issuer.authority)
    users.fake.pass(2 * SessionSweep.grace)
    var (pause, steps) = (0, 0)
    while pause < SessionSweep.interval {
      pause = await sweep.step()
      steps += 1
      #expect(pause >= 50)
    }
    #expect(steps == 3)
    let text = String(decoding: users.world.metrics.write(), as: UTF8.self)
    #expect(text.contains("signet_sessions_removed_total 450"))
    users.pool.stop()
  }
}
