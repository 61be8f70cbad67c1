// Forms, against a plain reader of application/x-www-form-urlencoded; and a client's id and secret, which are written the
// same way inside of base64.

#if DEBUG || FUZZING
@testable import API
import FoundationEssentials

extension FuzzTarget {
  /// The body of a form.
  static let form = FuzzTarget(name: "form", longest: 2048) { bytes in
    let expected = plainForm(Array(bytes))
    try SampleExchange.with(body: bytes, type: "application/x-www-form-urlencoded") { exchange in
      let form = try? FormBody(exchange)
      guard let expected else { return try check(form == nil, "taken, though it is malformed") }
      guard let form else { throw Broken("refused, though it is well-formed") }
      for (name, value) in expected {
        try check(form[name] == (value.isEmpty ? nil : value), "another value of \(shown(name.utf8))")
      }
      try check(form["\u{1}"] == nil || expected.contains { $0.0 == "\u{1}" }, "a parameter that isn't there")
    }
  }

  /// The `Authorization` field of a client, against Foundation's base64.
  static let basic = FuzzTarget(name: "basic", longest: 512) { bytes in
    let field = String(decoding: bytes, as: UTF8.self)
    let (found, expected) = (BasicCredentials.parse(field), plainBasic(field))
    try check(found?.id == expected?.id && found?.secret == expected?.secret, "\(shown(field.utf8)) is read otherwise")
  }

  private static func plainBasic(_ field: String) -> (id: String, secret: String)? {
    let words = Array(field.utf8).divided(by: UInt8(ascii: " ")).filter { !$0.isEmpty }
    guard words.count == 2, String(decoding: words[0], as: UTF8.self).lowercased() == "basic",
      field.utf8.last != UInt8(ascii: " ")
    else { return nil }
    let text = String(decoding: words[1], as: UTF8.self)
    // Foundation passes over spare bits, which would make two texts of one.
    guard let data = Data(base64Encoded: text), data.base64EncodedString() == text else { return nil }
    let parts = [UInt8](data).divided(by: UInt8(ascii: ":"))
    guard parts.count > 1, let id = plainText(parts[0]), !id.isEmpty,
      let secret = plainText(Array(parts.dropFirst().joined(separator: Array(":"))))
    else { return nil }
    return (id, secret)
  }

  /// Names and values; nil when it is malformed, has a name twice or too many.
  private static func plainForm(_ bytes: [UInt8]) -> [(String, String)]? {
    let pairs = bytes.divided(by: UInt8(ascii: "&")).filter { !$0.isEmpty }
    guard pairs.count <= 64 else { return nil }
    var found: [(String, String)] = []
    for pair in pairs {
      let parts = pair.divided(by: UInt8(ascii: "="))
      guard let name = plainText(parts[0]),
        let value = plainText(Array(parts.dropFirst().joined(separator: Array("=")))),
        !found.contains(where: { $0.0 == name })
      else { return nil }
      found.append((name, value))
    }
    return found
  }

  private static func plainText(_ bytes: [UInt8]) -> String? {
    let parts = bytes.map { $0 == UInt8(ascii: "+") ? 0x20 : $0 }.divided(by: UInt8(ascii: "%"))
    var decoded = parts[0]
    for part in parts.dropFirst() {
      let digits = part.prefix(2)
      // `UInt8(_:radix:)` takes a sign.
      guard digits.count == 2, digits.allSatisfy({ Character(UnicodeScalar($0)).isHexDigit }),
        let byte = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
      else { return nil }
      decoded += [byte] + part.dropFirst(2)
    }
    return String(validating: decoded, as: UTF8.self)
  }
}
#endif
