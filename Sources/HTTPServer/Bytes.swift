// Comparisons and classes of bytes, for parsers which never leave the connection's buffer.

import Glibc

/// A range of the bytes of one request, counted from its first.
struct Span: Equatable {
  var start: Int32 = 0
  var end: Int32 = 0

  init() {}
  init(_ start: Int, _ end: Int) {
    self.start = Int32(truncatingIfNeeded: start)
    self.end = Int32(truncatingIfNeeded: end)
  }

  var count: Int { Int(end - start) }
  var isEmpty: Bool { start == end }
}

extension UnsafeRawBufferPointer {
  /// The bytes of a span.
  @inline(__always)
  subscript(span: Span) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: self[Int(span.start)..<Int(span.end)])
  }

  /// Whether these are exactly the bytes of `text`.
  @inline(__always)
  func equals(_ text: StaticString) -> Bool {
    guard count == text.utf8CodeUnitCount else { return false }
    guard count > 0, let baseAddress else { return true }
    return memcmp(baseAddress, text.utf8Start, count) == 0
  }

  /// Whether both are the same bytes.
  @inline(__always)
  func equals(_ other: UnsafeRawBufferPointer) -> Bool {
    guard count == other.count else { return false }
    guard let baseAddress, let base = other.baseAddress else { return true }
    return memcmp(baseAddress, base, count) == 0
  }

  /// Where the first such byte stands at or after `start`; nil when there is none.
  @inline(__always)
  func index(of byte: UInt8, from start: Int) -> Int? {
    guard let baseAddress, start < count, let found = memchr(baseAddress + start, Int32(byte), count - start) else {
      return nil
    }
    return UnsafeRawPointer(found) - baseAddress
  }

  /// Whether these are the bytes of `text`, which is in lower case, when ASCII's case is ignored.
  @inline(__always)
  func equalsIgnoringCase(_ text: StaticString) -> Bool {
    guard count == text.utf8CodeUnitCount else { return false }
    for index in 0..<count where self[index].lowercased != text.utf8Start[index] { return false }
    return true
  }

  /// Without spaces and tabs at both ends (OWS, RFC 9110 5.6.3).
  var trimmed: UnsafeRawBufferPointer {
    var start = 0
    var end = count
    while start < end, self[start].isBlank { start += 1 }
    while start < end, self[end - 1].isBlank { end -= 1 }
    return UnsafeRawBufferPointer(rebasing: self[start..<end])
  }

  /// Calls `body` with each element of a comma-separated list, trimmed; empty ones are left out (RFC 9110 5.6.1.2).
  func forEachListed(_ body: (UnsafeRawBufferPointer) -> Void) {
    var start = 0
    while start <= count {
      var end = start
      while end < count, self[end] != UInt8(ascii: ",") { end += 1 }
      let element = UnsafeRawBufferPointer(rebasing: self[start..<end]).trimmed
      if !element.isEmpty { body(element) }
      start = end + 1
    }
  }
}

/// A class of ASCII characters as a bit for each, so that a byte costs a shift instead of a dozen comparisons: a target of 22
/// bytes took 519 instructions.
struct ByteSet: Sendable {
  static let token = ByteSet { $0.isTokenByte }
  // Without the percent sign, which must be looked at together with what follows it.
  static let path = ByteSet { $0.isPathByte && $0 != UInt8(ascii: "%") }
  static let query = ByteSet { $0.isQueryByte && $0 != UInt8(ascii: "%") }
  static let hostName = ByteSet {
    $0.isLetter || $0.isDigit || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "_")
  }

  private var low: UInt64 = 0
  private var high: UInt64 = 0

  /// Those below 128 of which `isMember` is true.
  init(_ isMember: (UInt8) -> Bool) {
    for byte in UInt8(0)..<64 where isMember(byte) { low |= 1 << UInt64(byte) }
    for byte in UInt8(64)..<128 where isMember(byte) { high |= 1 << UInt64(byte - 64) }
  }

  @inline(__always)
  func contains(_ byte: UInt8) -> Bool {
    byte < 128 && (byte < 64 ? low : high) &>> UInt64(byte & 63) & 1 != 0
  }
}

extension UInt8 {
  var isBlank: Bool { self == 0x20 || self == 0x09 }
  var isDigit: Bool { self &- 0x30 < 10 }
  var lowercased: UInt8 { self &- 0x41 < 26 ? self | 0x20 : self }
  var isLetter: Bool { (self | 0x20) &- 0x61 < 26 }

  /// RFC 9110 5.6.2.
  var isTokenByte: Bool {
    if isLetter || isDigit { return true }
    switch self {
    case 0x21, 0x23...0x27, 0x2a, 0x2b, 0x2d, 0x2e, 0x5e...0x60, 0x7c, 0x7e: return true
    default: return false
    }
  }

  /// What a field's value may hold (RFC 9110 5.5): no control but the tab.
  var isValueByte: Bool { self >= 0x20 ? self != 0x7f : self == 0x09 }

  /// RFC 3986 3.3, with the slash; the percent sign is checked with what follows it.
  var isPathByte: Bool {
    if isLetter || isDigit { return true }
    switch self {
    case 0x21, 0x24...0x2f, 0x3a, 0x3b, 0x3d, 0x40, 0x5f, 0x7e: return true
    default: return false
    }
  }

  /// RFC 3986 3.4, and what browsers leave as it is in a query (URL Standard): `[ ] ^ ` { | }`.
  var isQueryByte: Bool {
    if isPathByte { return true }
    switch self {
    case 0x3f, 0x5b, 0x5d, 0x5e, 0x60, 0x7b...0x7d: return true
    default: return false
    }
  }

  var hexValue: UInt8? {
    if isDigit { return self - 0x30 }
    let letter = (self | 0x20) &- 0x61
    return letter < 6 ? letter + 10 : nil
  }
}

/// Undoes percent-encoding; `plusIsSpace` as in forms and queries.
func percentDecoded(_ bytes: UnsafeRawBufferPointer, plusIsSpace: Bool) -> String {
  guard bytes.contains(where: { $0 == 0x25 || $0 == 0x2b }) else { return String(decoding: bytes, as: UTF8.self) }
  return String(unsafeUninitializedCapacity: bytes.count) { target in
    var written = 0
    var index = 0
    while index < bytes.count {
      var byte = bytes[index]
      if byte == 0x25, index + 2 < bytes.count, let high = bytes[index + 1].hexValue,
        let low = bytes[index + 2].hexValue
      {
        byte = high << 4 | low
        index += 2
      } else if plusIsSpace, byte == 0x2b {
        byte = 0x20
      }
      target[written] = byte
      written += 1
      index += 1
    }
    return written
  }
}
