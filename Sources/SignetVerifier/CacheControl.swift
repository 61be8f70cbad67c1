// For how long an answer may be kept: as much of RFC 9111 as a private cache of one document needs.

/// The directives of a `Cache-Control` field.
struct CacheControl {
  /// The smallest `max-age`, in seconds; 0 with `no-store` or `no-cache`; nil when the field doesn't say.
  private(set) var maxAge: Int64?

  /// Reads a field (RFC 9111 5.2). What isn't understood is passed over.
  init(_ field: String) {
    for directive in Self.directives(field) {
      let parts = directive.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      switch parts.first.map(Self.trimmed)?.lowercased() {
      case "no-store", "no-cache": keep(0)
      case "max-age" where parts.count == 2: if let seconds = Self.seconds(parts[1]) { keep(seconds) }
      default: continue
      }
    }
  }

  /// What is left of an answer's life, given its `Cache-Control` and `Age` (RFC 9111 4.2); nil when nobody says.
  static func remaining(_ field: String?, age: String?) -> Int64? {
    guard let maxAge = field.flatMap({ CacheControl($0).maxAge }) else { return nil }
    return max(0, maxAge - (age.flatMap { seconds($0[...]) } ?? 0))
  }

  private mutating func keep(_ seconds: Int64) { maxAge = min(maxAge ?? seconds, seconds) }

  /// The parts between commas, of which those inside quotes are none.
  private static func directives(_ field: String) -> [Substring] {
    var isQuoted = false
    return field.split { character in
      if character == "\"" { isQuoted.toggle() }
      return character == "," && !isQuoted
    }
  }

  /// Delta-seconds (RFC 9111 1.2.2), quoted or not; the largest value that makes sense stands for larger ones.
  private static func seconds(_ text: Substring) -> Int64? {
    var text = trimmed(text)
    if text.count >= 2, text.first == "\"", text.last == "\"" { text = text.dropFirst().dropLast() }
    guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return min(Int64(text) ?? .max, 1 << 31)
  }

  private static func trimmed(_ text: Substring) -> Substring {
    let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" }
    let rest = text.drop(while: isSpace)
    return rest[..<(rest.lastIndex { !isSpace($0) }.map { rest.index(after: $0) } ?? rest.startIndex)]
  }
}
