// The `Cookie` field, against a plain reader, and every pair found again.

#if DEBUG || FUZZING
@testable import HTTPServer

extension FuzzTarget {
  /// A cookie-string.
  static let cookies = FuzzTarget(name: "cookies", longest: 512) { bytes in
    var pairs: [(name: [UInt8], value: [UInt8])] = []
    for part in Array(bytes).divided(by: UInt8(ascii: ";")) {
      let halves = part.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
      if halves.count == 2 { pairs.append((trimmed(halves[0]), trimmed(halves[1]))) }
    }
    for pair in pairs + [(Array("__Host-signet"), [])] {
      let first = pair.name.isEmpty ? nil : pairs.first { $0.name == pair.name }?.value
      let found = pair.name.withUnsafeBytes { name in
        Cookies.values(named: name, in: bytes, most: 1).first.map { Array($0) }
      }
      try check(found == first, "\(shown(pair.name)) is \(shown(found ?? [])), not \(shown(first ?? []))")
    }
  }

  private static func trimmed(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    let front = bytes.drop { $0 == 0x20 || $0 == 0x09 }
    return Array(front.reversed().drop { $0 == 0x20 || $0 == 0x09 }.reversed())
  }
}
#endif
