// Bodies in the chunked coding, against a plain reader of RFC 9112 7.1 that sees all bytes at once.

#if DEBUG || FUZZING
@testable import HTTPServer

extension FuzzTarget {
  /// What follows the head of a chunked request.
  static let chunked = FuzzTarget(name: "chunked", longest: 2048) { bytes in
    let head = Array("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n".utf8)
    var limits = Limits()
    (limits.head, limits.body, limits.chunkLine) = (256, 300, 40)
    let input = head + bytes
    var plain = PlainChunks(bytes: Array(bytes), limits: limits)
    let expected = plain.read()
    for pieces in [[input[...]], input.indices.map { input[$0...$0] }] {
      let found = try Conversation(pieces, limits)
      if let request = found.requests.first {
        try check(expected == .complete(request.body), "read \(shown(request.body)), but \(expected)")
      } else if case .refused(let error) = found.end {
        try check(expected == .refused, "refused (\(error.cause)), but \(expected)")
      } else {
        try check(expected == .incomplete, "incomplete, but \(expected)")
      }
    }
  }
}

/// Reads a chunked body the plain way.
private struct PlainChunks {
  enum Verdict: Equatable, CustomStringConvertible {
    case complete([UInt8])
    case incomplete, refused

    var description: String {
      switch self {
      case .complete(let body): "complete: \(shown(body))"
      case .incomplete: "incomplete"
      case .refused: "refused"
      }
    }
  }

  private enum Line {
    case text([UInt8])
    case incomplete, refused
  }

  let limits: Limits
  private var rest: ArraySlice<UInt8>

  init(bytes: [UInt8], limits: Limits) { (self.limits, rest) = (limits, bytes[...]) }

  mutating func read() -> Verdict {
    var body: [UInt8] = []
    while true {
      switch line(limits.chunkLine) {
      case .incomplete: return .incomplete
      case .refused: return .refused
      case .text(let text):
        guard let size = Self.size(text), body.count + size <= limits.body else { return .refused }
        if size == 0 { return trailers(body) }
        body += rest.prefix(size)
        guard rest.count > size else { return .incomplete }
        rest = rest.dropFirst(size)
        let end = Array(rest.prefix(2))
        guard end == [13, 10] else { return end == [13] ? .incomplete : .refused }
        rest = rest.dropFirst(2)
      }
    }
  }

  private mutating func trailers(_ body: [UInt8]) -> Verdict {
    var left = limits.head
    while true {
      let before = rest.count
      switch line(left) {
      case .incomplete: return .incomplete
      case .refused: return .refused
      case .text(let text):
        if text.isEmpty { return .complete(body) }
        guard let colon = text.firstIndex(of: UInt8(ascii: ":")), colon > 0,
          text[..<colon].allSatisfy(\.isTokenByte), text[(colon + 1)...].allSatisfy(\.isValueByte)
        else { return .refused }
        left -= before - rest.count
      }
    }
  }

  /// The next line, which has at most `limit` bytes with its end.
  private mutating func line(_ limit: Int) -> Line {
    guard let end = rest.firstIndex(of: 10) else { return rest.count > limit ? .refused : .incomplete }
    let text = rest[rest.startIndex...end]
    guard text.count <= limit, text.dropLast().last == 13 else { return .refused }
    rest = rest[(end + 1)...]
    return .text(Array(text.dropLast(2)))
  }

  private static func size(_ line: [UInt8]) -> Int? {
    let digits = line.prefix { $0.hexValue != nil }
    let rest = Array(line.dropFirst(digits.count))
    guard (1...12).contains(digits.count) else { return nil }
    if !rest.isEmpty {
      guard rest.count > 1, rest[0] == UInt8(ascii: ";"), rest[1].isTokenByte, rest.allSatisfy(\.isValueByte) else {
        return nil
      }
    }
    return Int(String(decoding: digits, as: UTF8.self), radix: 16)
  }
}
#endif
