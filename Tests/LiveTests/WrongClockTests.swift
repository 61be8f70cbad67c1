// A server started with a clock that is far ahead, which NTP sets back: what was ended in between is refused all the same, by
// the server and by whoever it tells.

import Foundation
import Testing

@Suite struct WrongClockTests {
  @Test(.needsPlainServer) func whatIsEndedBeforeTheClockIsSetBack() async throws {
    let system = try BrokenSystem("the clock is a year ahead at start", seed: 0)
    let folder = try Folder()
    let redis = try await RedisServer.start(folder)
    let outcome = await Result<Void, any Error>.of {
      let settings = ["issuer=https://id.example", "redis.url=\(redis.url)"]
      try await withServer(settings, environment: system.environment, folder: folder) { first in
        try await first.addUser()
        let orders = try await first.addService()
        let (ended, revoked, other) = (try await first.login(), try await first.login(), try await first.login())
        try system.breaks("wall_ms=31536000000")
        let server = try await first.restart()
        let outcome = await Result<Void, any Error>.of {
          #expect(try await server.isGood(other.access) == false)
          try await end(ended, revoked, server)
          let names = [ended.session, try #require(try revoked.claims["jti"]?.string)]
          try await expectTold(names, orders, redis, server)
          try system.mend()
          #expect(try await server.isGood(other.access))
          for tokens in [ended, revoked] { #expect(try await server.isGood(tokens.access) == false) }
          // For so long as any token of theirs may live, by the clock that is right.
          for name in names {
            try await eventually("Redis keeps it for as long as it is of use") {
              try #require(Int(try await redis.run(["TTL", "signet:denied:\(name)"]))) > 600
            }
          }
        }
        await server.child.destroy()
        try outcome.get()
      }
    }
    await redis.kill()
    try outcome.get()
  }

  private func end(_ ended: Tokens, _ revoked: Tokens, _ server: LiveServer) async throws {
    #expect(try await server.post("/v1/logout", ["refresh_token": .string(ended.refresh)]).status == 204)
    #expect(try await server.ask("/oauth2/revoke", "token=\(revoked.access)&client_id=signet", by: nil).status == 200)
  }

  /// That a subscriber hears of them, and that they stand in Redis until the clock counts as right.
  private func expectTold(_ names: [String], _ orders: String, _ redis: RedisServer, _ server: LiveServer) async throws
  {
    let curl = try server.curl(orders)
    try await eventually("it has everything") { curl.standardOutput.contains("event: ready") }
    for name in names {
      #expect(curl.standardOutput.contains(name))
      try await eventually("Redis denies it") { try await redis.denies(name) }
      let left = try #require(Int(try await redis.run(["TTL", "signet:denied:\(name)"])))
      #expect((200...300).contains(left))
    }
    await curl.destroy()
  }
}
