// The seeds of every fuzz target, former finds among them, in the ordinary run of the tests.

import FuzzTargets
import Testing

@Suite struct FuzzTests {
  @Test(arguments: FuzzTarget.all.map(\.name))
  func seedsHold(_ name: String) throws {
    let target = try #require(FuzzTarget.all.first { $0.name == name })
    let seeds = try Seed.all(of: target)
    #expect(seeds.count > 5)
    for seed in seeds {
      do {
        try seed.bytes.withUnsafeBytes { try target.run($0) }
      } catch {
        Issue.record("\(name), \(seed.name): \(error)")
      }
    }
  }

  /// Cut short they are inputs as well, and worse ones.
  @Test(arguments: FuzzTarget.all.map(\.name))
  func beginningsOfSeedsHold(_ name: String) throws {
    let target = try #require(FuzzTarget.all.first { $0.name == name })
    for seed in try Seed.all(of: target) {
      for length in stride(from: 0, to: seed.bytes.count, by: max(1, seed.bytes.count / 16)) {
        do {
          try seed.bytes[..<length].withUnsafeBytes { try target.run($0) }
        } catch {
          Issue.record("\(name), \(length) bytes of \(seed.name): \(error)")
        }
      }
    }
  }

  @Test func namesAreUnique() throws {
    #expect(Set(FuzzTarget.all.map(\.name)).count == FuzzTarget.all.count)
    for target in FuzzTarget.all {
      let names = try Seed.all(of: target).map(\.name)
      #expect(Set(names).count == names.count, "\(target.name)")
    }
  }
}
