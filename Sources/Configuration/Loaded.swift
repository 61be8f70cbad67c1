// A configuration that was read: the settings, and for `config show` and a reload what stood where.

/// Settings with where each came from.
package struct Loaded: Sendable {
  package let settings: Settings
  /// One line each, for the log.
  package internal(set) var warnings: [String]
  let values: [String: Value]
  private let origins: [String: Origin]

  init(settings: Settings, warnings: [String], values: [String: Value], origins: [String: Origin]) {
    (self.settings, self.warnings, self.values, self.origins) = (settings, warnings, values, origins)
  }

  /// A line of `config show`.
  package struct Row: Sendable, Equatable {
    package let key: String
    /// As in the environment; a secret hidden, a default without a value in words and parentheses.
    package let value: String
    /// `default`, `file:line`, `environment NAME` or `flag KEY`.
    package let origin: String
    package let description: String
  }

  /// Where the value of `key` came from.
  package func origin(of key: String) -> Origin { origins[key] ?? .standard }

  /// Every setting, in the table's order.
  package var rows: [Row] {
    Table.rows.map { row in
      Row(key: row.key, value: shown(row), origin: origin(of: row.key).description, description: row.why)
    }
  }

  /// Variables that held a secret: unset them once read, so that no child process or core dump has them.
  package var secretVariables: [String] {
    Table.rows.filter(\.isSecret).flatMap { [$0.environmentName] }
  }

  private func shown(_ row: Setting) -> String {
    if let value = values[row.key], value != .none { return value.shown }
    guard case .derived(let words, _, _) = row.standard else { return "" }
    return "(\(words))"
  }
}

extension Settings {
  /// The keys whose values differ, by whether a running server can take them up.
  package static func changes(from: Loaded, to: Loaded) -> (reloadable: [String], needRestart: [String]) {
    // The environment of a process can't be changed from outside, and what was secret in it is gone after the start.
    let changed = Table.rows.filter { $0.source != .environment && from.values[$0.key] != to.values[$0.key] }
    return (
      changed.filter { $0.effect == .reloadable }.map(\.key), changed.filter { $0.effect == .restart }.map(\.key)
    )
  }
}
