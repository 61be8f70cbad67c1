// Durations as people write them: `90s`, `10m`, `1h30m`, `14d`. Whole seconds, the greatest unit first, each once.

/// A duration in text; a literal in the table is one.
struct DurationText: ExpressibleByStringLiteral, Comparable {
  let seconds: Int

  init(stringLiteral text: String) {
    guard let seconds = DurationText.parse(text) else { preconditionFailure("no duration: \(text)") }
    self.seconds = seconds
  }

  static func < (one: DurationText, two: DurationText) -> Bool { one.seconds < two.seconds }

  private static let units: [(name: UInt8, seconds: Int)] = [
    (UInt8(ascii: "d"), 86_400), (UInt8(ascii: "h"), 3600), (UInt8(ascii: "m"), 60), (UInt8(ascii: "s"), 1),
  ]

  /// The seconds in `text`; nil when it is no duration or overflows.
  static func parse(_ text: String) -> Int? {
    var rest = text.utf8[...]
    var units = units[...]
    var total = 0
    while !rest.isEmpty {
      let digits = rest.prefix { (0x30...0x39).contains($0) }
      guard let number = Decimal.parse(Substring(digits)), let name = rest.dropFirst(digits.count).first,
        let index = units.firstIndex(where: { $0.name == name })
      else { return nil }
      let (product, tooMuch) = number.multipliedReportingOverflow(by: units[index].seconds)
      let (sum, tooLong) = total.addingReportingOverflow(product)
      if tooMuch || tooLong { return nil }
      total = sum
      units = units[(index + 1)...]
      rest = rest.dropFirst(digits.count + 1)
    }
    return text.isEmpty ? nil : total
  }

  /// The shortest way to write `seconds`, which must not be negative.
  static func text(_ seconds: Int) -> String {
    var rest = seconds
    var text = ""
    for (name, size) in units where rest >= size {
      text += "\(rest / size)\(Character(Unicode.Scalar(name)))"
      rest %= size
    }
    return text.isEmpty ? "0s" : text
  }
}

/// Whole numbers in text.
enum Decimal {
  /// Digits alone: no sign, no blank, no zero before others (which elsewhere means octal); nil on overflow.
  static func parse(_ text: Substring) -> Int? {
    guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return text.utf8.count > 1 && text.utf8.first == 0x30 ? nil : Int(text)
  }
}

/// Durations in the options of commands, written as in settings.
package enum DurationOption {
  /// The seconds in `text`; nil when it is no duration.
  package static func seconds(_ text: String) -> Int? { DurationText.parse(text) }
}
