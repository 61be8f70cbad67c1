// Logging in, refreshing and what an access token is good for, on the domain alone with a clock that tests turn.

import Identity
import JOSE
import JSON
import Passwords
import Storage
import Testing

@Suite struct SessionTests {
  @Test func theSameAnswerAgainWithinTheWindow() async throws {
    let (world, fake) = (try World(), FakeClock())
    let (issuer, pool) = try await world.issuer(try await world.ring(), clock: fake.clock)
    _ = try await world.addUser("ada", "correct horse", pool)
    let login = try await issuer.login(LoginRequest(username: "ADA", password: "correct horse"), from: requester)
    fake.pass(5000)
    let next = try await issuer.refresh(RefreshRequest(refreshToken: login.refreshToken), from: requester)
    fake.pass(40_000)
    let again = try await issuer.refresh(RefreshRequest(refreshToken: login.refreshToken), from: requester)
    #expect(again.refreshToken == next.refreshToken)
    #expect(again.expiresIn == next.expiresIn - 40)
    let (first, second) = (try claims(next), try claims(again))
    for name in ["jti", "iat", "exp", "sid", "sub"] { #expect(first[name] == second[name] && first[name] != nil) }
    pool.stop()
  }

  @Test func aRetryAfterAClockStepIsRefusedButRevokesNothing() async throws {
    let (world, fake) = (try World(), FakeClock())
    let (issuer, pool) = try await world.issuer(try await world.ring(), clock: fake.clock)
    _ = try await world.addUser("ada", "correct horse", pool)
    let login = try await issuer.login(LoginRequest(username: "ada", password: "correct horse"), from: requester)
    let next = try await issuer.refresh(RefreshRequest(refreshToken: login.refreshToken), from: requester)
    fake.jump(120_000)
    await #expect(throws: Refusal(.invalidGrant, cause: "clock")) {
      try await issuer.refresh(RefreshRequest(refreshToken: login.refreshToken), from: requester)
    }
    _ = try await issuer.refresh(RefreshRequest(refreshToken: next.refreshToken), from: requester)
    pool.stop()
  }

  @Test func aRefreshTokenAlteredAnywhereIsRefused() async throws {
    let (world, fake) = (try World(), FakeClock())
    let (issuer, pool) = try await world.issuer(try await world.ring(), clock: fake.clock)
    _ = try await world.addUser("ada", "correct horse", pool)
    let login = try await issuer.login(LoginRequest(username: "ada", password: "correct horse"), from: requester)
    let token = Array(login.refreshToken)
    for index in token.indices {
      var altered = token
      altered[index] = token[index] == "A" ? "B" : "A"
      await #expect(throws: Refusal(.invalidGrant, cause: "malformed")) {
        try await issuer.refresh(RefreshRequest(refreshToken: String(altered)), from: requester)
      }
    }
    for bad in ["", "sgr_", login.refreshToken + "A", String(token.dropLast()), login.refreshToken + "="] {
      await #expect(throws: Refusal.self) {
        try await issuer.refresh(RefreshRequest(refreshToken: bad), from: requester)
      }
    }
    _ = try await issuer.refresh(RefreshRequest(refreshToken: login.refreshToken), from: requester)
    pool.stop()
  }

  @Test func anotherServersTokensAreRefused() async throws {
    let (one, other, fake) = (try World(), try World(), FakeClock())
    let (issuer, pool) = try await one.issuer(try await one.ring(), clock: fake.clock)
    let (stranger, strangersPool) = try await other.issuer(try await other.ring(), clock: fake.clock)
    _ = try await one.addUser("ada", "correct horse", pool)
    let login = try await issuer.login(LoginRequest(username: "ada", password: "correct horse"), from: requester)
    await #expect(throws: Refusal.self) {
      try await stranger.refresh(RefreshRequest(refreshToken: login.refreshToken), from: requester)
    }
    await #expect(throws: Refusal.self) { try await stranger.bearer(login.accessToken) }
    #expect(try await issuer.bearer(login.accessToken).user.username == "ada")
    pool.stop()
    strangersPool.stop()
  }

  @Test func anAccessTokenIsGoodUntilItExpires() async throws {
    let (world, fake) = (try World(), FakeClock())
    let (issuer, pool) = try await world.issuer(try await world.ring(), clock: fake.clock)
    _ = try await world.addUser("ada", "correct horse", pool)
    let login = try await issuer.login(LoginRequest(username: "ada", password: "correct horse"), from: requester)
    fake.pass(599_000)
    _ = try await issuer.bearer(login.accessToken)
    fake.pass(5000)
    await #expect(throws: Refusal.self) { try await issuer.bearer(login.accessToken) }
    pool.stop()
  }

  @Test func oneSpellingOfAPassword() async throws {
    let (world, fake) = (try World(), FakeClock())
    let (issuer, pool) = try await world.issuer(try await world.ring(), clock: fake.clock)
    #expect(PasswordRule.bytes("e\u{301}\u{3000}x") == Array("\u{e9} x".utf8))
    _ = try await world.addUser("ada", "caf\u{e9} cr\u{e8}me", pool)
    let request = LoginRequest(username: "ada", password: "cafe\u{301}\u{a0}cre\u{300}me")
    _ = try await issuer.login(request, from: requester)
    pool.stop()
  }

  @Test func aTokenSpentLongAgoEndsItsOwnSessionOnly() async throws {
    let (world, fake) = (try World(), FakeClock())
    let (issuer, pool) = try await world.issuer(try await world.ring(), clock: fake.clock)
    _ = try await world.addUser("ada", "correct horse", pool)
    let request = LoginRequest(username: "ada", password: "correct horse")
    let (one, other) = (
      try await issuer.login(request, from: requester), try await issuer.login(request, from: requester)
    )
    var newest = one
    for _ in 0..<2 {
      newest = try await issuer.refresh(RefreshRequest(refreshToken: newest.refreshToken), from: requester)
    }
    try await issuer.logout(refreshToken: one.refreshToken, all: true, from: requester)
    await #expect(throws: Refusal.self) { try await issuer.bearer(newest.accessToken) }
    _ = try await issuer.bearer(other.accessToken)
    try await issuer.logout(refreshToken: other.refreshToken, all: true, from: requester)
    await #expect(throws: Refusal.self) { try await issuer.bearer(other.accessToken) }
    pool.stop()
  }

  private func claims(_ answer: TokenAnswer) throws -> JSONValue {
    try #require(try UnverifiedToken(compact: Array(answer.accessToken.utf8)).claims)
  }
}
