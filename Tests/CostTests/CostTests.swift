// What a request costs in Signet's own code, held against the figures of costs.json: `make test` compares, and `make
// counts` writes the file anew. Nothing here is timed.

import Counting
import Foundation
import Testing

@Suite(
  .serialized,
  .enabled(if: Gate.mode != nil, "SKIPPED: `make test` builds the release binary and compares; see Tests/CostTests"))
struct CostTests {
  /// How often a request is counted until its figure is the one checked in. Work that a server does by the clock now and
  /// then falls into each round of one count, as does what a busy machine makes it do; a change of the code stays.
  private static let attempts = 3

  @Test func costsAreThoseCheckedIn() async throws {
    let counted = Gate.own(try await Gate.shares())
    let toolchain = try Gate.toolchain()
    var book = try CostBook(path: Gate.file)
    if Gate.mode == "write" {
      book[toolchain] = counted
      try book.write(to: Gate.file)
      return
    }
    guard let known = book[toolchain] else {
      Gate.say(
        "costs: \(Gate.file) has no figures for Swift \(toolchain), nothing was compared; `make counts` adds them")
      return
    }
    var differences = Comparison.differences(counted, known)
    for _ in 1..<Self.attempts where !differences.isEmpty {
      Gate.say("costs: counted again, since \(differences.values.sorted().joined(separator: "; "))")
      let again = Comparison.differences(Gate.own(try await Gate.count()), known)
      differences = again.filter { differences[$0.key] != nil }
    }
    for difference in differences.values.sorted() {
      Issue.record(
        "\(difference) for Swift \(toolchain). If that is meant, run `make counts` to write the new figures.")
    }
  }

  /// A library that isn't loaded or a file that is misread would count nothing.
  @Test func nothingIsOverlooked() async throws {
    let (mallocs, instructions) = try await Gate.shares()
    let refresh = (try #require(mallocs[.refresh]), try #require(instructions[.refresh]))
    #expect(refresh.0.keys.contains("signet") && refresh.0.keys.contains { $0.hasPrefix("libsqlite3") })
    #expect(refresh.1["signet", default: 0] > 10_000)
    #expect(refresh.1.contains { $0.key.hasPrefix("libcrypto") && $0.value > 10_000 })
    for request in CountedRequest.allCases {
      #expect(try #require(instructions[request])["signet", default: 0] > 1000, "\(request)")
    }
  }
}
