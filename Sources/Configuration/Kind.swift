// What a setting's value may be, and the way from what was written to the value.
//
// The complaint about a bad value says what would be good; it shows what was written, unless that is a secret.

/// The type of a setting.
enum Kind: Sendable {
  case text(Check)
  case secret
  case flag
  case integer(ClosedRange<Int>)
  /// In seconds.
  case duration(ClosedRange<Int>)
  case list(Check, isEmptyGood: Bool)
  case choice([String])

  var isSecret: Bool { if case .secret = self { true } else { false } }

  var isList: Bool { if case .list = self { true } else { false } }

  /// What a good value looks like, to follow "give".
  var shape: String {
    switch self {
    case .text(let check): check.shape
    case .secret: "a text"
    case .flag: "true or false"
    case .integer(let range): "a number from \(range.lowerBound) to \(range.upperBound)"
    case .duration(let range):
      "a duration from \(DurationText.text(range.lowerBound)) to \(DurationText.text(range.upperBound)), "
        + "such as 90s, 10m, 1h30m or 14d"
    case .list(let check, _): "a list of \(check.shape)"
    case .choice(let names): names.count == 1 ? names[0] : "one of " + names.joined(separator: ", ")
    }
  }

  /// The value, or what is wrong with what was written.
  func parse(_ raw: Raw) throws(Complaint) -> Value {
    switch raw {
    case .scalar(let text): return try parse(text)
    case .list(let texts):
      guard isList else { throw Complaint("must be one value, not a list; give \(shape)") }
      return try list(texts)
    }
  }

  private func parse(_ text: String) throws(Complaint) -> Value {
    switch self {
    case .text(let check) where check.isGood(text): return .text(text)
    case .secret where !text.isEmpty: return .secret(Secret(text))
    case .flag where text == "true" || text == "false": return .flag(text == "true")
    case .integer(let range):
      if let number = Decimal.parse(text[...]), range.contains(number) { return .integer(number) }
    case .duration(let range):
      if let seconds = DurationText.parse(text), range.contains(seconds) { return .duration(seconds) }
    case .list: return try list(Kind.split(text))
    case .choice(let names) where names.contains(text): return .text(text)
    default: break
    }
    throw isSecret ? Complaint("is empty; give \(shape)") : .unlike(text, shape)
  }

  private func list(_ texts: [String]) throws(Complaint) -> Value {
    guard case .list(let check, let isEmptyGood) = self else { throw Complaint("must be one value, not a list") }
    if let bad = texts.first(where: { !check.isGood($0) }) { throw .unlike(bad, check.mend(bad) ?? check.shape) }
    var seen: Set<String> = []
    if let twice = texts.first(where: { !seen.insert($0).inserted }) {
      throw Complaint("names \(Shown.text(twice)) twice; take one out")
    }
    guard isEmptyGood || !texts.isEmpty else { throw Complaint("is empty; give \(shape)") }
    return .list(texts)
  }

  private static func split(_ text: String) -> [String] {
    guard text.contains(where: { $0 != " " }) else { return [] }
    return text.split(separator: ",", omittingEmptySubsequences: false).map { part in
      String(part.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
  }
}

/// A rule for a text, and that rule in words.
struct Check: Sendable {
  let shape: String
  /// What to give instead of one bad text, where that can be said better than by the shape.
  let mend: @Sendable (String) -> String?
  let isGood: @Sendable (String) -> Bool

  init(
    _ shape: String, mend: @escaping @Sendable (String) -> String? = { _ in nil },
    _ isGood: @escaping @Sendable (String) -> Bool
  ) {
    (self.shape, self.mend, self.isGood) = (shape, mend, isGood)
  }

  static let path = Check("a path") { path in
    !path.isEmpty && path.utf8.count <= 4000 && !path.contains("-----BEGIN")
      && !path.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F }
  }

  static let algorithm = Check(
    "JWS algorithms: " + Settings.Token.Algorithm.allCases.map(\.rawValue).joined(separator: ", ")
  ) { Settings.Token.Algorithm(rawValue: $0) != nil }

  static let word = Check("a word of 1 to 255 visible ASCII characters without quotes") { word in
    (1...255).contains(word.utf8.count)
      && word.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }
  }
}

/// What was written for a setting, before its type is known.
enum Raw: Sendable, Equatable {
  case scalar(String)
  case list([String])
}

/// A setting's value.
enum Value: Sendable, Equatable {
  case text(String)
  case secret(Secret)
  case flag(Bool)
  case integer(Int)
  /// In seconds.
  case duration(Int)
  case list([String])
  case none

  /// As one would write it in the environment; a secret hidden.
  var shown: String {
    switch self {
    case .text(let text): text
    case .secret: Secret.hidden
    case .flag(let flag): "\(flag)"
    case .integer(let number): "\(number)"
    case .duration(let seconds): DurationText.text(seconds)
    case .list(let texts): texts.joined(separator: ",")
    case .none: ""
    }
  }
}

/// What is wrong with a value, to follow the setting's name.
struct Complaint: Error {
  let text: String

  init(_ text: String) { self.text = text }

  static func unlike(_ written: String, _ shape: String) -> Complaint {
    Complaint("\(Shown.text(written)) is not good; give \(shape)")
  }
}

/// Foreign text made fit for one line of an error.
enum Shown {
  static func text(_ text: String) -> String {
    // A key or a certificate, given where its path belongs.
    if text.contains("-----BEGIN") { return "what was given, which is no path but what a file holds," }
    let clean = String(
      String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? "?" : $0 }))
    return clean.count > 60 ? "\"\(clean.prefix(57))...\"" : "\"\(clean)\""
  }
}
