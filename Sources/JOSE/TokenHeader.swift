// The header of a JWS, and the rules it must keep before its key is looked up. A header only names a key; it never
// brings one, points to one or chooses how to verify (RFC 8725 3.1, 3.10).

import JSON

/// What a header that keeps the rules says.
struct TokenHeader {
  let algorithm: String
  let kid: String
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
    guard let kid = header["kid"] else { throw .missingKeyID }
    guard let algorithm = algorithm.string, let kid = kid.string else { throw .invalidHeader }
    self.algorithm = algorithm
    self.kid = kid
    type = header["typ"]?.string
    if type == nil, header["typ"] != nil { throw .invalidHeader }
  }

  /// Whether `typ` is that media type: without regard to case, "application/" left out or not (RFC 7515 4.1.9).
  func isType(_ expected: String) -> Bool {
    guard let type else { return false }
    return Self.shortened(type) == Self.shortened(expected)
  }

  /// A media type in lower case and without its "application/" (RFC 7515 4.1.9).
  static func shortened(_ type: String) -> [UInt8] {
    let lower = type.utf8.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
    let prefix = Array("application/".utf8)
    return lower.starts(with: prefix) ? Array(lower.dropFirst(prefix.count)) : lower
  }
}
