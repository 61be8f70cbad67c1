// Keys rotate while three verifiers that aren't ours check every token, each keeping the JWK Set as long as it may.

import Foundation
import Testing

@Suite struct VerifierRotationTests {
  /// Two rotations, with all times scaled down together: the set may be kept for half of the pre-publication.
  @Test(.needsPython, .needsProxies) func noTokenIsRefusedAcrossRotations() async throws {
    try await run(["key.rotate_every=6s", "key.publish_before=4s"], seconds: 180, maxAge: 2)
  }

  /// With the set kept for the five minutes of an ordinary configuration.
  @Test(.needsPython, .needsProxies, .enabled(if: Programs.isLong, "SKIPPED: SIGNET_LONG isn't set"))
  func noTokenIsRefusedAcrossARotationOfOrdinaryLength() async throws {
    try await run(["key.rotate_every=11m", "key.publish_before=10m"], seconds: 1080, maxAge: 300)
  }

  private func run(_ settings: [String], seconds: Int, maxAge: Int) async throws {
    try await withServer(settings) { server in
      try await server.addUser()
      let result = try JSON(
        try await server.python(
          rotationUnderLoad, [server.issuer, "\(seconds)", server.folder.path, Programs.haproxy ?? ""]))
      #expect(result["max_age"]?.integer == maxAge)
      #expect(try #require(result["kids"]?.integer) >= 2, "no rotation was seen: \(result)")
      #expect(result["failed"]?.integer == 0, "\(result)")
      #expect(try #require(result["haproxy"]?.integer) >= 100, "\(result)")
    }
  }
}
