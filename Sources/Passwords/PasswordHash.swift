// A stored password hash in the PHC string format, parsed once. Only the canonical spelling is taken, so that what was
// read is written back byte for byte and two spellings of one hash can't exist.
//
// https://github.com/P-H-C/phc-string-format/blob/master/phc-sf-spec.md

/// An Argon2id hash (version 1.3) with its salt and parameters; never printed.
package struct PasswordHash: Sendable, Equatable, CustomStringConvertible {
  /// What the hash costs to compute again.
  package let parameters: Argon2Parameters
  let salt: [UInt8]
  let tag: [UInt8]

  /// Parses `$argon2id$v=19$m=…,t=…,p=…$salt$hash`: salt 8 to 64 bytes, tag 16 to 64, base64 without padding.
  package init(phc: String) throws(PasswordError) {
    let fields = phc.utf8.split(separator: UInt8(ascii: "$"), maxSplits: 6, omittingEmptySubsequences: false)
    guard fields.count == 6, fields[0].isEmpty, fields[1].elementsEqual("argon2id".utf8),
      fields[2].elementsEqual("v=19".utf8), let salt = Base64.decode(fields[4]), let tag = Base64.decode(fields[5])
    else { throw .malformed }
    let parameters = try Self.parameters(fields[3])
    guard (8...64).contains(salt.count), (16...64).contains(tag.count) else { throw .outOfRange }
    self.init(parameters: parameters, salt: salt, tag: tag)
  }

  init(parameters: Argon2Parameters, salt: [UInt8], tag: [UInt8]) {
    self.parameters = parameters
    self.salt = salt
    self.tag = tag
  }

  /// The hash as it is stored and exported.
  package var phc: String {
    "$argon2id$v=19$m=\(parameters.memoryKiB),t=\(parameters.iterations),p=\(parameters.parallelism)"
      + "$\(Base64.encode(salt))$\(Base64.encode(tag))"
  }

  /// Says that it is a hash and nothing of it, so that no log can hold one.
  package var description: String { "[password hash]" }

  private static func parameters(_ text: Substring.UTF8View) throws(PasswordError) -> Argon2Parameters {
    let parts = text.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
    guard parts.count == 3, let memory = number(parts[0], after: "m="), let iterations = number(parts[1], after: "t="),
      let parallelism = number(parts[2], after: "p=")
    else { throw .malformed }
    return try Argon2Parameters(memoryKiB: memory, iterations: iterations, parallelism: parallelism)
  }

  /// A decimal without sign or leading zero; ten digits hold any 32-bit value, which RFC 9106 allows.
  private static func number(_ text: Substring.UTF8View, after name: StaticString) -> Int? {
    guard text.starts(with: "\(name)".utf8) else { return nil }
    let digits = text.dropFirst(name.utf8CodeUnitCount)
    guard (1...10).contains(digits.count), digits.first != UInt8(ascii: "0") else { return nil }
    var value = 0
    for digit in digits {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
      value = value * 10 + Int(digit - UInt8(ascii: "0"))
    }
    return value
  }
}

extension PasswordHash: CustomReflectable {
  /// Empty, so that `dump` and crash reports show nothing either.
  package var customMirror: Mirror { Mirror(self, children: []) }
}
