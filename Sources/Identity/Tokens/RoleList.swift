// A user's roles between the store, which keeps them as a JSON array, and the tokens that tell them.

import JSON

/// Reads the roles of a user's row.
package enum RoleList {
  /// Roles which begin so are Signet's own: they give rights on Signet itself.
  package static let ownPrefix = "signet:"

  /// Whether `json` is an array of roles with nothing around them, and so may be copied into a token as it stands. What
  /// somebody else wrote into the row must not bring members of its own.
  static func isPlain(_ json: String) -> Bool {
    json.utf8.withContiguousStorageIfAvailable { isPlain($0) } ?? isPlain(Array(json.utf8))
  }

  private static func isPlain(_ bytes: some RandomAccessCollection<UInt8>) -> Bool {
    guard bytes.count >= 2, bytes.first == UInt8(ascii: "["), bytes.last == UInt8(ascii: "]") else { return false }
    let inner = bytes.dropFirst().dropLast()
    if inner.isEmpty { return true }
    // Between two quotes, before and after each role; what stands there is a letter of it, or the end.
    var (isInside, length) = (false, 0)
    var expected: UInt8? = UInt8(ascii: "\"")
    for byte in inner {
      if isInside {
        if byte == UInt8(ascii: "\"") {
          guard length > 0 else { return false }
          (isInside, expected) = (false, UInt8(ascii: ","))
        } else {
          guard Role.isCharacter(byte) else { return false }
          length += 1
        }
      } else {
        guard byte == expected else { return false }
        if byte == UInt8(ascii: "\"") { (isInside, length) = (true, 0) } else { expected = UInt8(ascii: "\"") }
      }
    }
    return !isInside && expected == UInt8(ascii: ",")
  }

  /// The roles; none when the text is no array of strings.
  package static func read(_ json: String) -> [String] {
    guard let values = (try? JSONValue.parse(Array(json.utf8)))?.array else { return [] }
    return values.compactMap(\.string)
  }

  /// Whether a role is Signet's own.
  static func isOwn(_ role: String) -> Bool { role.utf8.starts(with: ownPrefix.utf8) }
}
