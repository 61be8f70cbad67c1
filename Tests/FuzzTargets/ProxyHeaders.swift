// PROXY headers, version 2: cut at every position, with other bytes behind, and with their checksum put right.

#if DEBUG || FUZZING
@testable import HTTPServer
import Reactor

extension FuzzTarget {
  /// The first bytes of a connection from a load balancer.
  static let proxy = FuzzTarget(name: "proxy", longest: 700) { bytes in
    try checkHeader(Array(bytes))
    if let mended = withChecksum(Array(bytes)) {
      try checkHeader(mended)
      guard case .complete = mended.withUnsafeBytes({ ProxyHeader.parse($0) }) else {
        throw Broken("refused with the right checksum")
      }
      for index in [12, 20, mended.count - 1] {
        var bad = mended
        bad[index] ^= 1
        guard case .complete(_, nil) = bad.withUnsafeBytes({ ProxyHeader.parse($0) }) else { continue }
        // A bit of the command makes it the proxy's own, whose rest is ignored.
        try check(index == 12, "taken with a wrong checksum")
      }
    }
  }

  private static func checkHeader(_ bytes: [UInt8]) throws {
    let verdict = bytes.withUnsafeBytes { ProxyHeader.parse($0) }
    // Once it is decided, more bytes change nothing; until then the bound grows and is kept.
    var decided: ProxyHeader?
    for length in 0...min(bytes.count, ProxyHeader.limit + 1) {
      let part = Array(bytes[..<length]).withUnsafeBytes { ProxyHeader.parse($0) }
      if let decided {
        try check(part == decided, "\(length) bytes: \(part), before \(decided)")
        continue
      }
      switch part {
      case .incomplete(let atLeast):
        try check(atLeast > length && atLeast <= ProxyHeader.limit, "\(length) bytes, wants \(atLeast)")
      case .invalid: decided = part
      case .complete(let end, let source):
        decided = part
        try check(end == length && (16...ProxyHeader.limit).contains(end), "complete with \(length), said \(end)")
        try checkSource(source, bytes)
      }
    }
    try check(decided == nil || decided == verdict, "whole: \(verdict)")
  }

  private static func checkSource(_ source: PeerAddress?, _ bytes: [UInt8]) throws {
    var expected: PeerAddress?
    if bytes[12] == 0x21, bytes[13] == 0x11 {
      expected = PeerAddress(bytes[16..<20].map { "\($0)" }.joined(separator: "."))
    } else if bytes[12] == 0x21, bytes[13] == 0x21 {
      let groups = (0..<8).map { String(Int(bytes[16 + 2 * $0]) * 256 + Int(bytes[17 + 2 * $0]), radix: 16) }
      expected = PeerAddress(groups.joined(separator: ":"))
    }
    try check(source == expected, "the source is \(source?.text ?? "nobody"), not \(expected?.text ?? "nobody")")
  }

  /// The header with its one checksum put right; nil when it has none or is malformed otherwise.
  private static func withChecksum(_ bytes: [UInt8]) -> [UInt8]? {
    guard bytes.count >= 16, bytes.starts(with: [13, 10, 13, 10, 0, 13, 10, 81, 85, 73, 84, 10, 0x21]),
      let start = [0x11: 28, 0x21: 52][bytes[13]]
    else { return nil }
    var header = Array(bytes.prefix(16 + Int(bytes[14]) * 256 + Int(bytes[15])))
    guard header.count == 16 + Int(bytes[14]) * 256 + Int(bytes[15]), header.count <= ProxyHeader.limit else {
      return nil
    }
    var place: Int?
    var position = start
    while position + 3 <= header.count {
      let length = Int(header[position + 1]) * 256 + Int(header[position + 2])
      if header[position] == 3 {
        guard place == nil, length == 4 else { return nil }
        place = position + 3
      }
      position += 3 + length
    }
    guard position == header.count, let place else { return nil }
    header.replaceSubrange(place..<(place + 4), with: [0, 0, 0, 0])
    let sum = checksum(header)
    header.replaceSubrange(place..<(place + 4), with: (0..<4).map { UInt8(truncatingIfNeeded: sum >> (24 - 8 * $0)) })
    return header
  }

  /// CRC-32C by long division of the bits in their natural order.
  private static func checksum(_ bytes: [UInt8]) -> UInt32 {
    var remainder = UInt32.max
    for byte in bytes {
      for bit in 0..<8 {
        let top = remainder >> 31 ^ UInt32(byte >> bit & 1)
        remainder = remainder << 1 ^ (top == 1 ? 0x1edc_6f41 : 0)
      }
    }
    let sum = ~remainder
    return (0..<32).reduce(0) { $0 | (sum >> $1 & 1) << (31 - $1) }
  }
}
#endif
