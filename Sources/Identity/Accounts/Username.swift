// What may be a username, an e-mail address, a password; and what a user is found by.
//
// A username is found regardless of case and of how its accents are composed (RFC 8265 section 3.3,
// UsernameCaseMapped), so that two accounts never look alike by that.

// Composition is in the standard library, but not yet in its public face.
@_spi(_Unicode) import Swift

/// A name that a user logs in with.
package struct Username: Sendable, Equatable {
  /// As given.
  package let text: String
  /// What it is found by.
  package let key: String

  /// Bytes of UTF-8 that a username or e-mail address may have.
  package static let limit = 254

  /// Takes a username; nil when it is empty, too long, padded, or holds white space other than single spaces, control or
  /// format characters.
  package init?(_ text: String) {
    guard !text.isEmpty, text.utf8.count <= Self.limit else { return nil }
    guard text.unicodeScalars.allSatisfy(Self.isAllowed), text.first != " ", text.last != " " else { return nil }
    self.text = text
    key = Self.key(text)
  }

  /// What `text` is found by: composed (NFC) and lower case.
  package static func key(_ text: String) -> String {
    let lower = text.lowercased()
    return lower.utf8.allSatisfy { $0 < 0x80 } ? lower : String(String.UnicodeScalarView(lower._nfc))
  }

  static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
    case .spaceSeparator: scalar == " "
    default: true
    }
  }
}

/// An e-mail address, as far as its form can be judged: something, one @, a domain (RFC 5321 section 4.1.2).
package struct EmailAddress: Sendable, Equatable {
  package let text: String
  package let key: String

  /// Takes an address; nil when it can't be one.
  package init?(_ text: String) {
    guard let name = Username(text), !text.contains(" ") else { return nil }
    let parts = text.split(separator: "@", omittingEmptySubsequences: false)
    guard parts.count == 2, !parts[0].isEmpty, parts[0].utf8.count <= 64, parts[1].utf8.count >= 3 else { return nil }
    guard !parts[1].hasPrefix("."), !parts[1].hasSuffix("."), !parts[1].contains("..") else { return nil }
    self.text = text
    key = name.key
  }
}

/// Rules for new passwords (NIST SP 800-63B section 3.1.1.2: length counts, composition rules don't).
package enum PasswordRule {
  /// Bytes of UTF-8 that a password may have; longer ones only cost time.
  package static let limit = 1024

  /// What is hashed: one spelling of each password, however a keyboard composes its accents and spaces (RFC 8265
  /// section 4.2.2, OpaqueString).
  package static func bytes(_ password: String) -> [UInt8] {
    if password.utf8.allSatisfy({ $0 < 0x80 }) { return Array(password.utf8) }
    var scalars = String.UnicodeScalarView()
    for scalar in password.unicodeScalars {
      scalars.append(scalar.properties.generalCategory == .spaceSeparator ? " " : scalar)
    }
    return Array(String(String.UnicodeScalarView(String(scalars)._nfc)).utf8)
  }

  /// Why `password` can't be this user's; nil when it can.
  package static func objection(to password: String, username: String, minimumLength: Int) -> String? {
    if password.count < minimumLength {
      return "the password is shorter than \(minimumLength) characters; use a longer one"
    }
    if password.utf8.count > limit { return "the password is longer than \(limit) bytes; use a shorter one" }
    if Username.key(password) == Username.key(username) { return "the password is the username; use another one" }
    return nil
  }
}

/// A role: 1 to 64 letters, digits and `._:-`. Roles which begin with `signet:` are Signet's own.
package enum Role {
  /// Whether `text` can be a role.
  package static func isValid(_ text: String) -> Bool { isName(text, limit: 64) }

  /// Whether `text` is 1 to `limit` characters that need no escaping in JSON, URLs or lists.
  package static func isName(_ text: String, limit: Int) -> Bool {
    (1...limit).contains(text.utf8.count) && text.utf8.allSatisfy(isCharacter)
  }

  /// Whether a role may hold this byte of ASCII.
  static func isCharacter(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: ":"), UInt8(ascii: "-"):
      true
    default: false
    }
  }
}
