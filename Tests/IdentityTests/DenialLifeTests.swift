// Rows of the denylist live for as long as anything they speak of, also what the session's own row doesn't know of.

import Foundation
import Passwords
import Storage
import Synchronization
import Telemetry
import Testing

@testable import Identity

@Suite struct DenialLifeTests {
  /// Of a place that a session has left, each token that names it outlives the one which was revoked.
  @Test func aPlaceStaysDeniedForItsLastToken() async throws {
    let users = try await DeniedUsers(statusLists: true)
    try await users.denylist.heed()
    let first = try await users.login()
    users.fake.pass(500_000)
    let second = try await users.refresh(first)
    let claims = try #require(users.issuer.made(second.accessToken))
    let place = try #require(StatusLists.place(in: claims.claims, "http://127.0.0.1:8080"))
    users.fake.pass(50_000)
    try await users.revoke(first)
    users.fake.pass(150_000)
    try await users.end(second)
    // The first one's time is over, with the leeway; the second's isn't.
    users.fake.pass(201_001)
    var sweep = DenialSweep(users.issuer.authority)
    _ = await sweep.step()
    #expect(claims.expiresAt * 1000 > users.fake.wall.load(ordering: .relaxed))
    #expect(try await users.world.store.denials(after: 0, limit: 9).map(\.status).contains(place))
    users.pool.stop()
  }

  /// The copy knows nothing of the refresh, whose access token has to end with the session all the same, for its whole life.
  @Test(arguments: [false, true]) func whatAnOlderCopyDoesntKnowIsDenied(isSwept: Bool) async throws {
    let users = try await DeniedUsers()
    let first = try await users.login()
    let folder = try users.world.copy()
    users.fake.pass(3_000_000)
    let second = try await users.refresh(first)
    users.fake.pass(60_000)
    let store = try World.open(folder, Metrics(), now: users.fake.wall.load(ordering: .relaxed))
    defer { store.close() }
    let issuer = try Issuer(
      Authority(
        store: store, hashing: users.pool, clock: users.fake.clock, metrics: Metrics(), snapshot: users.issuer.snapshot)
    ) { _ in }
    try await issuer.authority.denylist.heed()
    var sweep = DenialSweep(issuer.authority)
    if isSwept {
      users.fake.pass(Clock.settling)
      _ = await sweep.step()
    }
    _ = try await issuer.verify(bearer: second.accessToken, audience: nil)
    try await issuer.logout(refreshToken: second.refreshToken, all: false, from: requester)
    if !isSwept {
      users.fake.pass(Clock.settling)
      // The last row never goes from the store; memory forgets it.
      _ = await sweep.step()
    }
    await #expect(throws: Refusal(.invalidToken, cause: "denied")) {
      _ = try await issuer.verify(bearer: second.accessToken, audience: nil)
    }
    users.pool.stop()
  }
}

extension World {
  /// A copy of the data folder as it is now, beside it.
  fileprivate func copy() throws -> String {
    let folder = folder + "/copy"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    for name in ["signet.db", "signet.db-wal"] where FileManager.default.fileExists(atPath: self.folder + "/" + name) {
      try FileManager.default.copyItem(atPath: self.folder + "/" + name, toPath: folder + "/" + name)
    }
    return folder
  }
}
