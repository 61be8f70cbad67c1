// Files hold one idea and functions fit on a screen: the caps, which are exceptions and not the aim.

import Testing

@Suite struct SizeTests {
  @Test func files() {
    for file in SourceTree.swiftSources {
      let count = file.bytes.count { $0 == UInt8(ascii: "\n") }
      #expect(count <= 300, "\(file.path) has \(count) lines")
    }
  }

  @Test func functions() {
    for file in SourceTree.swiftSources {
      for range in Declarations.functions(in: file.lines) where range.count > 40 {
        let name = file.lines[range.lowerBound - 1].drop { $0 == " " }
        Issue.record("\(file.path):\(range.lowerBound): \(range.count) lines: \(name)")
      }
    }
  }
}
