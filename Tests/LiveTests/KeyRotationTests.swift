// Keys that rotate by themselves and when asked, while clients go on and verifiers keep the JWK Set as long as they may.

import Foundation
import Synchronization
import Testing

@Suite struct KeyRotationTests {
  static let quick = ["key.rotate_every=5s", "key.publish_before=3s", "key.retire_after=0s"]

  /// A verifier that keeps the set for `max-age`, never longer and never shorter, knows every key before a token
  /// names it; through several rotations under load.
  @Test func aKeyIsKnownBeforeItSigns() async throws {
    try await withServer(Self.quick) { server in
      try await server.addUser()
      let seen = Seen()
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<4 {
          group.addTask {
            var tokens = try await server.login()
            let cache = Cache(server)
            while seen.kids.count < 4 {
              let (kid, known) = (try tokens.kid, try await cache.kids())
              #expect(known.contains(kid), "a token by a key that the set didn't have \(cache.maxAge) s ago")
              // The token before stays good.
              #expect(try await server.isGood(tokens.access))
              seen.add(kid)
              tokens = try await server.refresh(tokens.refresh)
            }
          }
        }
        try await group.waitForAll()
      }
      try await server.expectGoodKeys()
      #expect(try await server.kids("retired").count >= 3)
      #expect(server.log.contains("signs from now on") && server.log.contains("signs no longer"))
      let metrics = try await server.metrics()
      let rotations = metrics.split(separator: "\n").first {
        $0.hasPrefix(#"signet_key_rotations_total{algorithm="ES256"}"#)
      }
      #expect(Int(rotations?.split(separator: " ").last ?? "") ?? 0 >= 3)
      #expect(metrics.contains(#"signet_key_next_rotation_seconds{algorithm="ES256"}"#))
      let activated = try await server.audit().filter { $0["event"] == "key_activated" }
      #expect(activated.count >= 3 && activated.allSatisfy { $0["actor"] == "system" })
    }
  }

  @Test func whoAsksGetsTheNextKeyAsSoonAsItIsKnown() async throws {
    try await withServer(["key.rotate_every=0s", "key.publish_before=4s", "token.algorithms=ES256,EdDSA"]) { server in
      try await server.addUser()
      let before = try await server.login()
      let (active, pending) = (try await server.kid("active"), try await server.kid("pending"))
      let asked = try JSON(try await server.done(["key", "rotate", "--json", "--algorithm", "ES256"]))
      #expect(asked["rotations"]?.array?.first?["rotated"] == false)
      #expect(try await server.kid("active") == active)
      try await eventually("the running server rotates") { try await server.kids("active") == [pending] }
      try await eventually("new tokens are signed by it") { try await server.login().kid == pending }
      #expect(try await server.isGood(before.access))
      let published = try await server.published()
      #expect(published.first == pending && published.contains(active))
      // Nobody asked for the other one.
      #expect(try await server.kids("retired", "EdDSA").isEmpty)
      let events = try await server.audit().compactMap { $0["event"]?.string }
      #expect(events.filter { $0 == "key_rotation_requested" }.count == 1)

      // Published for long enough, it takes over at once; without a server too.
      var next = try await server.kid("pending", "EdDSA")
      let said = try await server.done(["key", "rotate", "--algorithm", "EdDSA"])
      #expect(said.contains("\(next) signs from now on") && said.contains("the running server serves by them"))
      #expect(try await server.kid("active", "EdDSA") == next)
      try await server.publishes("EdDSA")
      next = try await server.kid("pending", "EdDSA")
      await server.child.destroy()
      try await eventually("the key was published for long enough") {
        try await server.done(["key", "rotate", "--algorithm", "EdDSA"]).contains("\(next) signs from now on")
      }
      #expect(try await server.kid("active", "EdDSA") == next)
      try await server.expectGoodKeys(["ES256", "EdDSA"])
    }
  }

  @Test func rotatingNowSaysWhatBreaks() async throws {
    try await withServer { server in
      try await server.addUser()
      _ = try await server.send(Request("GET", "/.well-known/jwks.json", [("User-Agent", "Gateway/1.0")]))
      try await eventually("the fetch is remembered") {
        try await server.command(["key", "rehearse"]).errors.contains("known verifiers: 1")
      }
      let pending = try await server.kid("pending")
      let output = try await server.done(["key", "rotate", "--now"])
      for words in ["What will break", "300s", "12h", "unknown kid", pending, "the running server serves by them"] {
        #expect(output.contains(words), "\(words) isn't in \(output)")
      }
      #expect(try await server.login().kid == pending)
      try await server.expectGoodKeys()
      let json = try JSON(try await server.done(["key", "rotate", "--now", "--json"]))
      #expect(json["served"] == true && json["rotations"]?.array?.first?["active"]?.string != pending)
    }
  }

  /// Commands and the server rotate at once; the keys are as if they had taken turns.
  @Test func racingRotationsTakeTurns() async throws {
    try await withServer(Self.quick) { server in
      try await server.addUser()
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<6 {
          group.addTask {
            for _ in 0..<3 { try await server.done(["key", "rotate", "--now"]) }
          }
        }
        try await group.waitForAll()
      }
      try await server.expectGoodKeys()
      let keys = try await server.keys()
      let events = try await server.audit().compactMap { $0["event"]?.string }
      func count(_ event: String) -> Int { events.filter { $0 == event }.count }
      #expect(count("key_created") == keys.count && count("key_activated") == keys.count - 2)
      #expect(count("key_retired") == keys.count - 2 && keys.count > 3)
      let kid = try await server.kid("active")
      try await eventually("the server signs by the last one") { try await server.login().kid == kid }
    }
  }

  @Test func anAlgorithmThatIsTakenOffTheListIsStillVerified() async throws {
    let issuer = "issuer=http://127.0.0.1"
    try await withServer([issuer, "token.algorithm=EdDSA", "token.algorithms=EdDSA,ES384,PS256"]) { server in
      try await server.addUser()
      let tokens = try await server.login()
      #expect(try await server.published().count == 6)
      let second = try await server.restart([issuer, "token.algorithm=ES384"])
      #expect(try await second.isGood(tokens.access))
      #expect(try await second.login().header["alg"] == "ES384")
      #expect(try await second.published().count == 4)
      #expect(try await second.kids("retired", "EdDSA").count == 1)
      let events = try await second.audit().compactMap { $0["event"]?.string }
      #expect(events.filter { $0 == "key_withdrawn" }.count == 2 && events.filter { $0 == "key_retired" }.count == 2)
      await second.child.destroy()
    }
  }

  /// A key stays published until its last token has expired, and then goes.
  @Test(.enabled(if: Programs.isLong, "SKIPPED: SIGNET_LONG isn't set")) func aRetiredKeyGoes() async throws {
    try await withServer(["key.retire_after=0s", "token.access_ttl=2s"]) { server in
      let kid = try await server.kid("active")
      let began = Date()
      try await server.done(["key", "rotate", "--now"])
      try await eventually("the key goes", within: 120) { try await !server.published().contains(kid) }
      #expect(Date().timeIntervalSince(began) >= 62)
      #expect(try await !server.keys().contains { $0.kid == kid })
      #expect(try await server.audit().last?["event"] == "key_deleted")
    }
  }
}

/// What many clients have seen.
private final class Seen: Sendable {
  private let all = Mutex<Set<String>>([])
  var kids: Set<String> { all.withLock { $0 } }
  func add(_ kid: String) { _ = all.withLock { $0.insert(kid) } }
}

/// The set as a strict verifier keeps it.
private actor Cache {
  private let server: LiveServer
  private var known: Set<String> = []
  private var until = Date.distantPast
  nonisolated let maxAge = 1

  init(_ server: LiveServer) { self.server = server }

  func kids() async throws -> Set<String> {
    guard Date() >= until else { return known }
    let asked = Date()
    let answer = try await server.get("/.well-known/jwks.json")
    #expect(answer.field("cache-control") == "public, max-age=\(maxAge)")
    known = Set((try answer.json["keys"]?.array ?? []).compactMap { $0["kid"]?.string })
    until = asked.addingTimeInterval(Double(maxAge))
    return known
  }
}
