// The published HTTP/1.1 probe requests of level Must and Should, each fed whole, byte by byte and cut at every
// position. Signet differs from none of them; where a probe leaves a choice, the stricter one is taken.

import FoundationEssentials
import Testing

@testable import HTTPServer

private struct Probe: Decodable {
  let id: String
  let level: String
  let expected_status: String?
  let expected_text: String?
  let payload: String

  /// Whether a verdict satisfies what the probe asks for.
  func allows(_ verdict: Verdict) -> Bool {
    let text = expected_text ?? ""
    switch verdict {
    case .complete:
      if let expected_status { return expected_status == "Range2xx" }
      return ["2xx", "200", "204", "405 +", "101", "non-1xx", "Reject", "IMF", "404"].contains { text.contains($0) }
    case .incomplete: return text.contains("timeout")
    case .refused(let error):
      if let expected_status { return expected_status == "\(error.status)" }
      return text.contains("\(error.status)") || text.contains("close") || text.contains("Reject")
    }
  }
}

@Suite struct ProbeTests {
  @Test func verdictsAreAsAskedFor() throws {
    let probes = try load()
    var judged = 0
    for probe in probes where probe.level == "Must" || probe.level == "Should" {
      let text = probe.payload.replacing("{{HOSTONLY}}", with: "localhost").replacing("{{PORT}}", with: "8080")
        .replacing("{{HOST}}", with: "localhost:8080")
      let all = verdicts(text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) })
      for other in all { #expect(other == all[0], "\(probe.id) depends on how it is cut") }
      #expect(
        probe.allows(all[0]),
        "\(probe.id): \(all[0]), wanted \(probe.expected_status ?? "") \(probe.expected_text ?? "")")
      judged += 1
    }
    #expect(probes.isEmpty || judged > 100)
  }

  private func load() throws -> [Probe] {
    struct File: Decodable { let cases: [Probe] }
    let here = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../shared/vectors")
    let folder = ProcessInfo.processInfo.environment["SIGNET_VECTORS"] ?? here.path()
    guard let data = try? Data(contentsOf: URL(filePath: "\(folder)/http11probe.json")) else {
      print("SKIPPED: no http11probe.json in \(folder); set SIGNET_VECTORS")
      return []
    }
    return try JSONDecoder().decode(File.self, from: data).cases
  }
}
