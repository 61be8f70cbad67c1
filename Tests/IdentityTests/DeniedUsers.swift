// A user whose sessions and tokens are ended, on a store and a clock of its own.

import Passwords
import Storage
import Telemetry
import Testing

@testable import Identity

/// What tests of the denylist act by.
struct DeniedUsers {
  let world: World
  let fake = FakeClock()
  let issuer: Issuer
  let pool: HashingPool
  var denylist: Denylist { issuer.authority.denylist }

  init(statusLists: Bool = false) async throws {
    world = try World()
    var policy = Policy.standard
    policy.statusLists = statusLists
    (issuer, pool) = try await world.issuer(try await world.ring(), clock: fake.clock, policy: policy)
    _ = try await world.addUser("ada", "correct horse", pool)
  }

  func login() async throws -> TokenAnswer {
    try await issuer.login(LoginRequest(username: "ada", password: "correct horse"), from: requester)
  }

  func end(_ answer: TokenAnswer) async throws {
    try await issuer.logout(refreshToken: answer.refreshToken, all: false, from: requester)
  }

  func refresh(_ answer: TokenAnswer) async throws -> TokenAnswer {
    try await issuer.refresh(RefreshRequest(refreshToken: answer.refreshToken), from: requester)
  }

  func revoke(_ answer: TokenAnswer) async throws {
    let client = try #require(issuer.snapshot.clients[ClientRecord.builtIn])
    try await issuer.revoke(answer.accessToken, by: client, from: requester)
  }

  func place(_ answer: TokenAnswer) async throws -> StatusPlace? {
    try await world.store.findSession(answer.sessionID)?.session.status
  }

  func cause(of answer: TokenAnswer) async -> String? {
    do {
      _ = try await issuer.bearer(answer.accessToken)
      return nil
    } catch { return error.cause }
  }

  func metric(_ line: String) -> Bool {
    String(decoding: world.metrics.write(), as: UTF8.self).contains(line + "\n")
  }
}
