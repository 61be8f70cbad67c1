// That what is counted is read and compared rightly; no binary is needed.

import Counting
import Foundation
import Testing

@Suite struct CountingTests {
  @Test func calledCostsBelongToTheCalled() {
    let file = """
      positions: line
      events: Ir
      ob=(1) /opt/signet
      fl=(1) ???
      fn=(1) main
      0 10
      cob=(2) /usr/lib/libcrypto.so.3
      cfn=(2) sign
      calls=2 0
      0 500
      +3 7
      * 1

      ob=(2)
      fn=(2)
      0 500
      ob=(1)
      fn=(3) other
      -2 4
      summary: 522
      """
    let shares = Instructions.shares(file, of: "/opt/signet")
    #expect(shares == ["signet": 22, "libcrypto.so.3": 500])
  }

  @Test func allocationsAreReadByObject() throws {
    var file = [UInt8](repeating: 0, count: 64 * 32)
    file.replaceSubrange(0..<6, with: Array("signet".utf8))
    file.replaceSubrange(56..<58, with: [0x02, 0x01])
    #expect(try Mallocs.totals(file) == ["signet": 258])
    #expect(throws: CountingError.self) { try Mallocs.totals([]) }
  }

  @Test func othersAreLeftOut() {
    for name in ["libcrypto.so.3", "libssl.so.3", "libsqlite3.so.0"] { #expect(!Mallocs.isOurs(name)) }
    for name in ["signet", "libstdc++.so.6", "libc.so.6"] { #expect(Mallocs.isOurs(name)) }
  }

  @Test func differencesAreTold() {
    let known = ["jwks": Cost(mallocs: 40, instructions: 100_000)]
    func differences(_ mallocs: Int, _ instructions: Int) -> [String] {
      Comparison.differences(["jwks": Cost(mallocs: mallocs, instructions: instructions)], known).values.sorted()
    }
    #expect(differences(40, 100_000) == [])
    #expect(differences(40, 101_000) == [])
    #expect(differences(40, 99_000) == [])
    #expect(differences(41, 100_000) == ["jwks: 41 allocations a request, 1 (2.5 %) more than the 40 checked in"])
    #expect(
      differences(40, 98_900) == ["jwks: 98900 instructions a request, 1100 (1.1 %) fewer than the 100000 checked in"])
    #expect(
      Comparison.differences(["a": Cost(mallocs: 0, instructions: 850)], ["a": Cost(mallocs: 0, instructions: 1000)])
        .isEmpty)
    #expect(
      Comparison.differences(["a": Cost(mallocs: 0, instructions: 849)], ["a": Cost(mallocs: 0, instructions: 1000)])
        .count == 1)
    #expect(Comparison.differences([:], known).count == 1)
    #expect(Comparison.differences(known, [:]).count == 1)
  }

  @Test func versionsAreNamed() {
    let name = CostBook.toolchain("Swift version 6.3.1 (swift-6.3.1-RELEASE)\nTarget: any")
    #expect(name?.hasPrefix("6.3 ") == true)
    #expect(CostBook.toolchain("nothing") == nil)
  }
}
