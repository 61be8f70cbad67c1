// The header of a JWS, and the rules it must keep before its key is looked up. A header only names a key; it never
// brings one, points to one or chooses how to verify (RFC 8725 3.1, 3.10).

import JSON

/// What a header that keeps the rules says.
struct TokenHeader {
  let algorithm: String
  /// Nil when the header names no key.
  let kid: String?
  let type: String?

  /// The members by which a token would choose its key, or change what its parts mean.
  static let refused: [(name: String, error: JOSEError)] = [
    // RFC 7515 4.1.11: no extension is understood here, so each critical one refuses the token.
    ("crit", .criticalHeader), ("b64", .criticalHeader),
    ("jwk", .keyInHeader), ("jku", .keyInHeader), ("x5u", .keyInHeader), ("x5c", .keyInHeader),
  ]

  /// Checks the decoded header of a token.
  init(_ json: [UInt8]) throws(JOSEError) {
    guard let header = try? JSONValue.parse(json, depth: 8), header.object != nil else { throw .invalidHeader }
    for (name, error) in Self.refused where header[name] != nil { throw error }
    guard let algorithm = header["alg"] else { throw .missingAlgorithm }
    guard let algorithm = algorithm.string else { throw .invalidHeader }
    self.algorithm = algorithm
    kid = try Self.text(header, "kid")
    type = try Self.text(header, "typ")
  }

  private static func text(_ header: JSONValue, _ name: String) throws(JOSEError) -> String? {
    guard let member = header[name] else { return nil }
    guard let text = member.string else { throw .invalidHeader }
    return text
  }

  /// Whether `typ` is that media type: without regard to case, "application/" left out or not (RFC 7515 4.1.9).
  func isType(_ expected: String) -> Bool {
    guard let type else { return false }
    return Self.isSameType(type, expected)
  }

  /// Whether two media types are the same, by that rule.
  static func isSameType(_ one: String, _ other: String) -> Bool {
    shortened(one).elementsEqual(shortened(other)) { lower($0) == lower($1) }
  }

  private static func shortened(_ type: String) -> Substring.UTF8View {
    let text = type.utf8
    let isLong = prefix.utf8.count <= text.count && zip(text, prefix.utf8).allSatisfy { lower($0) == $1 }
    return text.dropFirst(isLong ? prefix.utf8.count : 0)
  }

  private static let prefix = "application/"

  private static func lower(_ character: UInt8) -> UInt8 {
    (0x41...0x5A).contains(character) ? character | 0x20 : character
  }
}
