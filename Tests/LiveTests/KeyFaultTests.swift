// Rotation on a bad day: the clock is set, the disk is full, the active key is lost.

import Foundation
import Testing

@Suite struct KeyFaultTests {
  /// The wall clock of a running server is set by hours, forwards and back. No key goes, none rotates, nobody is
  /// signed out.
  @Test(.needsPlainServer, arguments: [5, 48, -5]) func theClockIsSet(_ hours: Int) async throws {
    let system = try BrokenSystem("the clock is set by \(hours) h", seed: 0)
    let settings = ["key.rotate_every=6h", "key.publish_before=4h", "key.retire_after=0s", "issuer=http://127.0.0.1"]
    try await withServer(settings, environment: system.environment) { server in
      let plain = server.unbroken
      try await plain.addUser()
      var tokens = try await server.login()
      try await plain.done(["key", "rotate", "--now"])
      try await plain.publishes()
      let before = try await plain.keys().map { "\($0.kid) \($0.state)" }
      for offset in [hours, 0] {
        try system.breaks("wall_ms=\(offset * 3_600_000)")
        let age = try await Self.age(server)
        try await eventually("the server has looked at its keys a few times") { try await Self.age(server) > age + 2 }
        // Ages go on by the clock that never jumps.
        #expect(try await Self.age(server) < age + 60)
        #expect(try await plain.keys().map { "\($0.kid) \($0.state)" } == before)
        tokens = try await server.refresh(tokens.refresh)
        #expect(try await server.isGood(tokens.access))
      }
    }
  }

  private static func age(_ server: LiveServer) async throws -> Double {
    let name = #"signet_key_age_seconds{algorithm="ES256",state="active"}"#
    return try await #require(server.metric(name))
  }

  /// A rotation that is due while the disk is full is done once there is room.
  @Test(.needsPlainServer) func aFullDiskPutsRotationOff() async throws {
    let system = try BrokenSystem("a full disk puts rotation off", seed: 0)
    let settings = ["key.rotate_every=4s", "key.publish_before=2s"]
    try await withServer(settings, environment: system.environment) { server in
      try await server.unbroken.publishes()
      let published = try await server.published()
      try system.breaks("enospc=100")
      try await eventually("the rotation is due") { server.log.contains("a key that is due can't be changed") }
      #expect(try await server.metric("signet_key_failures_total") ?? 0 >= 1)
      // Keys are served meanwhile, and nothing was half done.
      #expect(try await server.published() == published)
      try system.mend()
      try await eventually("it is done") { try await server.published() != published }
      try await server.unbroken.expectGoodKeys()
    }
  }

  /// Somebody deletes the active key and keeps another from being made: the server goes on with what it has, and says that
  /// something is wrong until it is mended.
  @Test func aLostKeyShowsInReadyz() async throws {
    try await withServer { server in
      try await server.addUser()
      try await server.sql(
        "CREATE TRIGGER no_keys BEFORE INSERT ON signing_key BEGIN SELECT RAISE(ABORT, 'no keys today'); END")
      try await server.sql("DELETE FROM signing_key WHERE state = 'active'")
      let answer = try await eventually("readyz tells") { () -> Answer? in
        let answer = try await server.get("/readyz")
        return answer.status == 503 ? answer : nil
      }
      #expect(try answer.json["failing"] == ["key"])
      #expect(answer.field("retry-after") != nil)
      #expect(try await server.isGood(try await server.login().access))
      let health = try await server.command(["health"])
      #expect(health.status == 1 && health.errors.contains("no active ES256 key"))
      try await server.sql("DROP TRIGGER no_keys")
      try await eventually("the server has made a key and is ready") { try await server.get("/readyz").status == 200 }
      try await server.expectGoodKeys()
      let kid = try await server.kid("active")
      #expect(try await server.login().kid == kid)
    }
  }

  @Test func aServerTellsOfItselfWhileItLives() async throws {
    try await withServer { server in
      func nodes() async throws -> String { try await server.sql("SELECT issuer, offered FROM node") }
      #expect(try await nodes() == "\(server.issuer)|ES256\n")
      await server.child.destroy()
      #expect(try await nodes() == "\(server.issuer)|ES256\n")
      let second = try await server.restart()
      #expect(try await nodes() == "\(second.issuer)|ES256\n")
      await second.child.signal(SIGTERM)
      #expect(try await second.child.end() == 0)
      #expect(try await nodes().isEmpty)
    }
  }

  /// What strangers can make the server remember, and write, has bounds.
  @Test func aFloodOfUserAgentsIsHeldInBounds() async throws {
    try await withServer { server in
      _ = try await server.send(Request("GET", "/.well-known/jwks.json", [("User-Agent", "service")]))
      try await eventually("the first one is remembered") {
        try await server.sql("SELECT user_agent FROM verifier") == "service\n"
      }
      for number in 0..<3000 {
        let agent = "flood/\(number)"
        let answer = try await server.send(Request("GET", "/.well-known/jwks.json", [("User-Agent", agent)]))
        #expect(answer.status == 200)
      }
      let rows = try await server.sql("SELECT count(*) FROM verifier")
      #expect(Int(rows.dropLast()) ?? .max <= 16)
    }
  }
}
