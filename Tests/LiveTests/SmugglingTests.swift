// No request is smuggled: what a proxy takes for one request, Signet takes for one request, and nobody gets the answer
// to somebody else's.
//
// Both write a line for each request, and the proxy gives each an id of its own, so the two logs tell: a request of
// Signet's without one of the proxy's was smuggled. Many clients share few connections to Signet meanwhile.

import Foundation
import Testing

@Suite struct SmugglingTests {
  /// Without a proxy: refused and closed, or taken for as many requests as it holds.
  @Test func sentToSignet() async throws {
    try await withServer { server in
      let outcomes = try await inParallel(RawCase.all) { number, one in
        let connection = try Connection(port: server.port)
        try connection.send(one.bytes(number))
        var silence = 20.0
        switch one.verdict {
        case .answered: try connection.send(Request("GET", "/after").bytes)
        case .waits: silence = 0.3
        case .refused: break
        }
        let (bytes, isClosed) = connection.rest(silence: silence)
        return Outcome(one: one, answers: try Answer.all(bytes), isClosed: isClosed)
      }
      for outcome in outcomes { #expect(outcome.isRight, "\(outcome)") }
      #expect(try await server.get("/healthz").status == 200)
      #expect(await server.child.exitStatus() == nil)
    }
  }

  @Test(.needsProxies, arguments: Proxy.Kind.allCases) func sentThroughAProxy(_ kind: Proxy.Kind) async throws {
    let own = RawCase.all.enumerated().map { Attack(name: $1.name, bytes: $1.bytes($0)) }
    let all = own + (try published())
    // A good request behind each, on the same connection.
    try await hunt(
      kind, all.enumerated().map { Attack(name: $1.name, bytes: $1.bytes + Request("GET", "/behind-\($0)").bytes) })
  }

  /// The published probes, which ProbeTests judges one by one; here only their number counts.
  private func published() throws -> [Attack] {
    struct Probe: Decodable { let id: String, payload: String }
    struct Probes: Decodable { let cases: [Probe] }
    let folder = Programs.environment("SIGNET_VECTORS") ?? Programs.packageRoot + "/../shared/vectors"
    guard let data = FileManager.default.contents(atPath: folder + "/http11probe.json") else {
      print("SKIPPED: no http11probe.json in \(folder); set SIGNET_VECTORS")
      return []
    }
    return try JSONDecoder().decode(Probes.self, from: data).cases.map { probe in
      let text = probe.payload.replacing("{{HOSTONLY}}", with: "localhost").replacing("{{PORT}}", with: "80")
        .replacing("{{HOST}}", with: "localhost")
      return Attack(name: probe.id, bytes: text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) })
    }
  }
}

/// What Signet made of a case.
private struct Outcome: Sendable, CustomStringConvertible {
  let one: RawCase
  let answers: [Answer]
  let isClosed: Bool

  var isRight: Bool {
    let statuses = answers.map(\.status).filter { $0 >= 200 }
    switch one.verdict {
    case .refused: return isClosed && statuses.count == 1 && statuses.allSatisfy(Self.refusals.contains)
    // And one to the good request behind.
    case .answered(let count):
      return isClosed && statuses.count == count + 1 && statuses.last == 404 && statuses.allSatisfy { $0 < 500 }
    case .waits: return !isClosed && statuses.isEmpty
    }
  }

  private static let refusals = Set(400..<500).union([501, 505])

  var description: String {
    "\(one.name.debugDescription) (\(one.verdict)): \(answers.map(\.status)), closed: \(isClosed)"
  }
}
