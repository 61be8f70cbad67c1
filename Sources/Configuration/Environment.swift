// The process's variables as settings: `SIGNET_…`, and `SIGNET_…_FILE` for a value that stands in a file.
//
// A variable that is empty counts as not set, since compose files and charts pass on what nobody filled in.

/// The variables that begin with `SIGNET_`.
struct Environment {
  /// Names the configuration file.
  static let configName = "SIGNET_CONFIG"
  /// Bytes a value's file may have.
  static let fileLimit = 65_536

  private static let names = Set(Table.rows.map(\.environmentName))
  private let variables: [String: String]

  init(_ variables: [String: String]) {
    self.variables = variables.filter { $0.key.hasPrefix("SIGNET_") && !$0.value.isEmpty }
  }

  /// The text given for `row`, and the variable that gave it.
  func value(of row: Setting) throws(ConfigurationError) -> (text: String, name: String)? {
    let name = row.environmentName
    let fileName = name + "_FILE"
    // SIGNET_MASTER_KEY_FILE is a setting itself.
    let path = Environment.names.contains(fileName) ? nil : variables[fileName]
    guard let path else { return variables[name].map { ($0, name) } }
    guard variables[name] == nil else {
      throw ConfigurationError("environment \(name)", "\(fileName) is set as well; keep one")
    }
    return (try read(path, for: fileName), fileName)
  }

  /// A line for each variable that names no setting: perhaps mistyped, perhaps the orchestrator's own.
  func warnings() -> [String] {
    let known = Environment.names.union(Environment.names.map { $0 + "_FILE" } + [Environment.configName])
    return variables.keys.filter { !known.contains($0) }.sorted().map { name in
      let mend = Nearest.name(to: name, among: Table.rows.map(\.environmentName)).map { "; the nearest is \($0)" } ?? ""
      return "\(Shown.text(name)) in the environment names no setting and was ignored\(mend)"
    }
  }

  private func read(_ path: String, for name: String) throws(ConfigurationError) -> String {
    do {
      var bytes = try FileText.read(path, limit: Environment.fileLimit)
      // Editors end a file with a line feed; it isn't meant.
      if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
      if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
      if let text = String(validating: bytes, as: UTF8.self) { return text }
    } catch {
      let reason = FileText.reason(error, limit: Environment.fileLimit)
      throw ConfigurationError("environment \(name)", "cannot read \(Shown.text(path)): \(reason); mend path or mode")
    }
    throw ConfigurationError("environment \(name)", "\(Shown.text(path)) is not UTF-8 text; write it anew")
  }
}
