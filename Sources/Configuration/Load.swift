// From file, environment and flags to settings: the later wins, and every value keeps where it came from.

extension Settings {
  /// Reads the configuration.
  /// - Parameters:
  ///   - file: the path of `signet.yaml`; nil: what `SIGNET_CONFIG` names, else none.
  ///   - environment: all of the process's variables.
  ///   - overrides: flags as keys of the table; of two for one key the later wins.
  ///   - machine: what derived defaults go by.
  package static func load(
    file: String?, environment: [String: String], overrides: [(key: String, value: String)],
    machine: Machine = .current()
  ) throws(ConfigurationError) -> Loaded {
    var given = Given()
    if let path = file ?? environment[Environment.configName].flatMap({ $0.isEmpty ? nil : $0 }) {
      for entry in try YAMLFile.load(path) {
        try given.take(entry.key, entry.raw, from: .file(path, line: entry.line))
      }
    }
    let variables = Environment(environment)
    for row in Table.rows {
      guard let (text, name) = try variables.value(of: row) else { continue }
      try given.take(row.key, .scalar(text), from: .environment(name))
    }
    for (key, value) in overrides { try given.take(key, .scalar(value), from: .flag(key)) }
    return try given.finish(machine, warnings: variables.warnings())
  }
}

/// Values as they are collected.
private struct Given {
  private var values: [String: Value] = [:]
  private var origins: [String: Origin] = [:]

  mutating func take(_ key: String, _ raw: Raw, from origin: Origin) throws(ConfigurationError) {
    guard let row = Table.row(key), row.source == .anywhere || origin.isEnvironment else {
      throw ConfigurationError(origin.place, Unknown.message(key))
    }
    values[key] = try parse(row, raw, origin)
    origins[key] = origin
  }

  /// Adds the defaults, fills the fields and checks what holds between them.
  mutating func finish(_ machine: Machine, warnings: [String]) throws(ConfigurationError) -> Loaded {
    for row in Table.rows where values[row.key] == nil {
      if case .fixed(let text) = row.standard { values[row.key] = try parse(row, .scalar(text), .standard) }
    }
    let context = Setting.Context(machine: machine, values: values)
    for row in Table.rows where values[row.key] == nil {
      if case .derived(_, _, let value) = row.standard { values[row.key] = value(context) }
    }
    var settings = Settings()
    for row in Table.rows {
      if let value = values[row.key] { row.fill(value, &settings) }
    }
    let loaded = Loaded(settings: settings, warnings: warnings, values: values, origins: origins)
    return try Checks(loaded: loaded, machine: machine).run()
  }

  private func parse(_ row: Setting, _ raw: Raw, _ origin: Origin) throws(ConfigurationError) -> Value {
    do {
      return try row.kind.parse(raw)
    } catch {
      throw ConfigurationError(origin.place, "\(row.key) \(error.text)")
    }
  }
}

extension Origin {
  fileprivate var isEnvironment: Bool { if case .environment = self { true } else { false } }
}
