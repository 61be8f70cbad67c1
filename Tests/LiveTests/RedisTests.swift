// What is denied stands in Redis and is told on its channel; a Redis that is gone, hangs or came back empty delays nobody and
// is told again.

import Foundation
import Testing

@Suite struct RedisTests {
  @Test func whatIsDeniedStandsThere() async throws {
    try await withRedis { redis, server in
      let (one, other) = (try await server.login(), try await server.login())
      let listener = try await ChannelReader(redis, server.folder)
      #expect(try await redis.denies(one.session) == false)
      try await server.logOut(one)
      try await eventually("Redis denies the session") { try await redis.denies(one.session) }
      #expect(try await redis.denies(other.session) == false)
      // Ten minutes for tokens, five for the clocks of services; in seconds, which go on.
      let left = try #require(Int(try await redis.run(["TTL", "signet:denied:\(one.session)"])))
      #expect((300...900).contains(left))
      let message = try await listener.message(of: one.session)
      #expect(message["aud"]?.string == "api")
      #expect(try #require(message["exp"]?.integer) > Int(Date().timeIntervalSince1970))
      #expect(message["before_generation"] == nil)
      await listener.child.destroy()
      let metrics = try await server.metrics()
      #expect(metrics.contains("signet_redis_up 1"))
      #expect(metrics.contains("signet_redis_lag 0"))
    }
  }

  /// Who only looks for a key must not sign out the device on which the password was changed.
  @Test func changedPassword() async throws {
    try await withRedis { redis, server in
      let (kept, ended) = (try await server.login(), try await server.login())
      let listener = try await ChannelReader(redis, server.folder)
      let new = "another good password"
      let answer = try await server.post(
        "/v1/password", ["current_password": .string(goodPassword), "new_password": .string(new)], bearer: kept.access)
      #expect(answer.status == 200)
      try await eventually("Redis denies the other session") { try await redis.denies(ended.session) }
      let message = try await listener.message(of: kept.session)
      #expect(message["before_generation"]?.integer == 1)
      #expect(message["before"]?.integer != nil)
      #expect(try await redis.denies(kept.session) == false)
      await listener.child.destroy()
    }
  }

  @Test func revokedKey() async throws {
    try await withRedis { redis, server in
      let keys = try await server.get("/.well-known/jwks.json").json["keys"]?.array ?? []
      let kid = try #require(keys.first?["kid"]?.string)
      try await server.done(["key", "revoke", kid, "--reason", "test"])
      try await eventually("Redis denies the key") { try await redis.denies(kid) }
    }
  }

  /// Killed, and another one in its place which knows nothing.
  @Test func emptyRedis() async throws {
    try await withRedis { redis, server in
      let (before, during) = (try await server.login(), try await server.login())
      try await server.logOut(before)
      try await eventually("Redis denies the session") { try await redis.denies(before.session) }
      await redis.kill()
      try await server.logOut(during)
      try await eventually("the metrics tell") { try await server.metrics().contains("signet_redis_up 0") }
      let again = try await RedisServer.start(server.folder)
      for tokens in [before, during] {
        try await eventually("the new Redis denies both") { try await again.denies(tokens.session) }
      }
      await again.kill()
      // One line at each change, however many attempts there were.
      let lines = server.log.split(separator: "\n").filter { $0.contains("Redis") }
      #expect(lines.filter { $0.contains("reaches it when it is back") }.count <= 2)
    }
  }

  @Test func flushedRedis() async throws {
    try await withRedis { redis, server in
      let tokens = try await server.login()
      try await server.logOut(tokens)
      try await eventually("Redis denies the session") { try await redis.denies(tokens.session) }
      #expect(try await redis.run(["FLUSHALL"]) == "OK")
      try await eventually("Redis denies it again") { try await redis.denies(tokens.session) }
    }
  }

  /// Redis takes the mark behind a row and not the row: it is sent again, however far the mark says that Redis has come.
  @Test func refusedRow() async throws {
    try await withRedis { redis, server in
      let tokens = try await server.login()
      let mark = try #require(try await redis.run(["KEYS", "signet:denied-through:*"]).split(separator: "\n").first)
      #expect(try await redis.run(["ACL", "SETUSER", "default", "resetkeys", "~\(mark)"]) == "OK")
      try await server.logOut(tokens)
      try await eventually("the mark was taken") { try await redis.run(["GET", String(mark)]) == "1" }
      try await eventually("the metrics tell") { try await server.metrics().contains("signet_redis_up 0") }
      #expect(try await server.metrics().contains("signet_redis_lag 1"))
      #expect(try await redis.run(["ACL", "SETUSER", "default", "allkeys"]) == "OK")
      try await eventually("Redis denies the session") { try await redis.denies(tokens.session) }
      try await eventually("the metrics tell") { try await server.metrics().contains("signet_redis_up 1") }
    }
  }

  @Test func pausedRedis() async throws {
    try await withRedis { redis, server in
      let sessions = [try await server.login(), try await server.login(), try await server.login()]
      await redis.child.signal(SIGSTOP)
      for tokens in sessions { try await server.logOut(tokens) }
      #expect(try await server.isGood(sessions[0].access) == false)
      try await eventually("the metrics tell") { try await server.metrics().contains("signet_redis_up 0") }
      await redis.child.signal(SIGCONT)
      for tokens in sessions {
        try await eventually("Redis denies all") { try await redis.denies(tokens.session) }
      }
      // The server ends though Redis hangs.
      await redis.child.signal(SIGSTOP)
      await server.child.signal(SIGTERM)
      #expect(try await server.child.end() == 0)
    }
  }

  @Test func password() async throws {
    let folder = try Folder()
    let redis = try await RedisServer.start(folder, password: "s3cret/word")
    let file = try folder.write("unix://:s3cret%2Fword@\(redis.socket)\n", to: "redis.url")
    try await withServer(environment: ["SIGNET_REDIS_URL_FILE": file], folder: folder) { server in
      try await server.addUser()
      let tokens = try await server.login()
      try await server.logOut(tokens)
      try await eventually("Redis denies the session") {
        try await redis.run(["EXISTS", "signet:denied:\(tokens.session)"], password: "s3cret/word") == "1"
      }
    }
    try await withServer(["redis.url=unix://:wr0ng@\(redis.socket)"]) { server in
      try await server.addUser()
      try await server.logOut(try await server.login())
      try await eventually("the log tells") { server.log.contains("WRONGPASS") }
      #expect(!server.log.contains("wr0ng"))
      #expect(try await server.done(["config", "show"]).contains("wr0ng") == false)
    }
    await redis.kill()
  }

  /// A server that never sees its Redis serves all the same.
  @Test func nobodyThere() async throws {
    try await withServer(["redis.url=redis://127.0.0.1:1/3"]) { server in
      try await server.addUser()
      try await server.logOut(try await server.login())
      try await eventually("the log tells") { server.log.contains("Redis can't be reached: Connection refused") }
    }
  }
}

/// redis-cli, subscribed to the channel.
private struct ChannelReader {
  let child: Child

  init(_ redis: RedisServer, _ folder: Folder) async throws {
    let child = try Child("redis-cli", ["-s", redis.socket, "SUBSCRIBE", "signet:denied"], folder: folder)
    self.child = child
    try await eventually("redis-cli is subscribed") { child.standardOutput.contains("subscribe") }
  }

  /// What was told of this session.
  func message(of session: String) async throws -> JSON {
    try await eventually("the channel tells of the session") {
      try child.standardOutput.split(separator: "\n").first { $0.contains("\"sid\":\"\(session)\"") }.map {
        try JSON(String($0))
      }
    }
  }
}

private func withRedis(_ body: (RedisServer, LiveServer) async throws -> Void) async throws {
  let folder = try Folder()
  let redis = try await RedisServer.start(folder)
  do {
    try await withServer(["redis.url=\(redis.url)"], folder: folder) { server in
      try await server.addUser()
      try await eventually("Redis is reached") { try await server.metrics().contains("signet_redis_up 1") }
      try await body(redis, server)
    }
    await redis.kill()
  } catch {
    await redis.kill()
    throw error
  }
}

extension LiveServer {
  fileprivate func logOut(_ tokens: Tokens) async throws {
    #expect(try await post("/v1/logout", ["refresh_token": .string(tokens.refresh)]).status == 204)
  }
}
