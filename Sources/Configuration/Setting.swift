// One row of the table: what a setting is called, takes, defaults to and is for, and which field it fills.

/// A setting.
package struct Setting: Sendable {
  /// When a changed value takes effect.
  package enum Effect: Sendable {
    case reloadable, restart
  }

  /// Where a value may come from.
  package enum Source: Sendable {
    case anywhere, environment
  }

  /// The value when nobody gives one.
  enum Standard: Sendable {
    /// Always the same, written as in the file.
    case fixed(String)
    /// Follows from other settings or the machine: in words, as an example for the sample, and how.
    case derived(shown: String, example: String, @Sendable (Context) -> Value)
  }

  /// What a derived default may look at.
  struct Context: Sendable {
    let machine: Machine
    /// Values that were given or have a fixed default.
    let values: [String: Value]
  }

  /// The name in the file, sections before dots.
  package let key: String
  /// `SIGNET_` and the key in capitals, `_` for dots. Made once, by bytes: made at each use by `replacing(_:with:)`, the
  /// names of all settings took 2 ms of every start.
  package let environmentName: String
  /// One line why one would change it.
  package let why: String
  package let effect: Effect
  let kind: Kind
  let standard: Standard
  let source: Source
  let fill: @Sendable (Value, inout Settings) -> Void

  init(
    _ key: String, _ kind: Kind, _ standard: Standard, _ why: String, _ effect: Effect = .restart,
    source: Source = .anywhere, fill: @escaping @Sendable (Value, inout Settings) -> Void
  ) {
    (self.key, self.kind, self.standard, self.why, self.effect) = (key, kind, standard, why, effect)
    (self.source, self.fill) = (source, fill)
    environmentName = "SIGNET_" + String(decoding: key.uppercased().utf8.map { $0 == 0x2e ? 0x5f : $0 }, as: UTF8.self)
  }

  /// Whether the value must never be shown.
  package var isSecret: Bool { kind.isSecret }

  /// What stands before the key's last dot.
  var section: String? { key.lastIndex(of: ".").map { String(key[..<$0]) } }

  /// The key after its section.
  var name: String { section.map { String(key.dropFirst($0.count + 1)) } ?? key }
}

extension Setting {
  static func integer(
    _ key: String, _ field: any WritableKeyPath<Settings, Int> & Sendable, _ standard: Standard,
    _ range: ClosedRange<Int>, _ why: String, _ effect: Effect = .restart
  ) -> Setting {
    Setting(key, .integer(range), standard, why, effect) { value, settings in
      if case .integer(let number) = value { settings[keyPath: field] = number }
    }
  }

  static func duration(
    _ key: String, _ field: any WritableKeyPath<Settings, Duration> & Sendable, _ standard: Standard,
    _ range: ClosedRange<DurationText>, _ why: String, _ effect: Effect = .restart
  ) -> Setting {
    Setting(key, .duration(range.lowerBound.seconds...range.upperBound.seconds), standard, why, effect) {
      value, settings in
      if case .duration(let seconds) = value { settings[keyPath: field] = .seconds(seconds) }
    }
  }

  static func text(
    _ key: String, _ field: any WritableKeyPath<Settings, String> & Sendable, _ standard: Standard, _ check: Check,
    _ why: String, _ effect: Effect = .restart
  ) -> Setting {
    Setting(key, .text(check), standard, why, effect) { value, settings in
      if case .text(let text) = value { settings[keyPath: field] = text }
    }
  }

  static func optionalText(
    _ key: String, _ field: any WritableKeyPath<Settings, String?> & Sendable, _ standard: Standard, _ check: Check,
    _ why: String, _ effect: Effect = .restart
  ) -> Setting {
    Setting(key, .text(check), standard, why, effect) { value, settings in
      if case .text(let text) = value { settings[keyPath: field] = text }
    }
  }

  static func choice<Choice: RawRepresentable<String> & CaseIterable & Sendable>(
    _ key: String, _ field: any WritableKeyPath<Settings, Choice> & Sendable, _ standard: Standard, _ why: String,
    _ effect: Effect = .restart
  ) -> Setting {
    Setting(key, .choice(Choice.allCases.map(\.rawValue)), standard, why, effect) { value, settings in
      if case .text(let text) = value, let choice = Choice(rawValue: text) { settings[keyPath: field] = choice }
    }
  }
}

extension Setting.Context {
  /// The path of `name` in the folder that `key` gives.
  func path(_ key: String, _ name: String) -> String {
    guard case .text(let folder) = values[key] else { return name }
    return folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
  }

  /// `limit`, or the duration at `key` divided by `divisor` if that is less.
  func least(_ limit: DurationText, _ key: String, divisor: Int = 1) -> Value {
    guard case .duration(let other) = values[key] else { return .duration(limit.seconds) }
    return .duration(min(limit.seconds, other / divisor))
  }
}
