// For how long an answer may be kept: as much of RFC 9111 as a private cache of one document needs.
//
// Read as bytes: to Swift a comma and an accent after it are one character, and no comma.

/// The directives of a `Cache-Control` field.
struct CacheControl {
  private typealias Text = ArraySlice<UInt8>

  /// The smallest `max-age`, in seconds; 0 with `no-store` or `no-cache`; nil when the field doesn't say.
  private(set) var maxAge: Int64?

  /// Reads a field (RFC 9111 5.2). What isn't understood is passed over.
  init(_ field: String) {
    for directive in Self.directives(Array(field.utf8)) {
      let parts = directive.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
      switch String(decoding: Self.trimmed(parts[0]), as: UTF8.self).lowercased() {
      case "no-store", "no-cache": keep(0)
      case "max-age" where parts.count == 2: if let seconds = Self.seconds(parts[1]) { keep(seconds) }
      default: continue
      }
    }
  }

  /// What is left of an answer's life, given its `Cache-Control` and `Age` (RFC 9111 4.2); nil when nobody says.
  static func remaining(_ field: String?, age: String?) -> Int64? {
    guard let maxAge = field.flatMap({ CacheControl($0).maxAge }) else { return nil }
    return max(0, maxAge - (age.flatMap { seconds(Array($0.utf8)[...]) } ?? 0))
  }

  private mutating func keep(_ seconds: Int64) { maxAge = min(maxAge ?? seconds, seconds) }

  /// The parts between commas, of which those inside quotes are none.
  private static func directives(_ field: [UInt8]) -> [Text] {
    var isQuoted = false
    return field.split { byte in
      if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
      return byte == UInt8(ascii: ",") && !isQuoted
    }
  }

  /// Delta-seconds (RFC 9111 1.2.2), quoted or not; the largest value that makes sense stands for larger ones.
  private static func seconds(_ text: Text) -> Int64? {
    var text = trimmed(text)
    let quote = UInt8(ascii: "\"")
    if text.count >= 2, text.first == quote, text.last == quote { text = text.dropFirst().dropLast() }
    guard !text.isEmpty, text.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return min(Int64(String(decoding: text, as: UTF8.self)) ?? .max, 1 << 31)
  }

  private static func trimmed(_ text: Text) -> Text {
    let isSpace: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 }
    let rest = text.drop(while: isSpace)
    return rest[..<(rest.lastIndex { !isSpace($0) }.map { $0 + 1 } ?? rest.startIndex)]
  }
}
