// A configuration file: events into values by full key, each with its line.
//
// Sections nest as mappings; `session.retry_window: 60s` on one line is taken as well. Depth needs no bound of its own:
// a mapping is followed only below the table's own sections, and everything else ends in an error.

/// Values written in a file.
struct YAMLFile {
  /// Bytes a file may have.
  static let sizeLimit = 1 << 20

  struct Entry {
    let key: String
    let raw: Raw
    let line: Int
  }

  private(set) var entries: [Entry] = []
  private let name: String
  private let events: YAMLEvents
  private var lines: [String: Int] = [:]

  /// Reads the file at `path`.
  static func load(_ path: String) throws(ConfigurationError) -> [Entry] {
    do {
      return try parse(FileText.read(path, limit: sizeLimit), name: path)
    } catch let failure as FileText.Failure {
      let reason = FileText.reason(failure, limit: sizeLimit)
      throw ConfigurationError(path, "cannot read the configuration: \(reason); mend the path or the file's mode")
    } catch let error as ConfigurationError {
      throw error
    } catch {
      throw ConfigurationError(path, "\(error)")
    }
  }

  /// Reads `bytes`; errors call them `name`.
  static func parse(_ bytes: [UInt8], name: String) throws(ConfigurationError) -> [Entry] {
    guard let events = YAMLEvents(bytes) else { throw ConfigurationError(name, "memory is out") }
    var file = YAMLFile(name: name, events: events)
    try file.readStream()
    return file.entries
  }

  private init(name: String, events: YAMLEvents) { (self.name, self.events) = (name, events) }

  private mutating func readStream() throws(ConfigurationError) {
    guard try next() != .end else { return }
    switch try next() {
    case .mappingStart: try readMapping(below: "")
    case .scalar(let text, true) where YAMLFile.isNull(text): break
    default: throw error("the file must be a mapping of keys to values, such as token: {access_ttl: 10m}")
    }
    _ = try next()
    guard try next() == .end else { throw error("a second document begins; keep one") }
  }

  private mutating func readMapping(below section: String) throws(ConfigurationError) {
    while true {
      switch try next() {
      case .mappingEnd: return
      case .scalar(let name, _): try readMember(section.isEmpty ? name : "\(section).\(name)")
      default: throw error("a key must be a plain name, such as issuer")
      }
    }
  }

  private mutating func readMember(_ key: String) throws(ConfigurationError) {
    let line = events.line
    guard Table.isSection(key) || Table.row(key)?.source == .anywhere else { throw unknown(key) }
    if let first = lines.updateValue(line, forKey: key) {
      throw error("\(key) stands on line \(first) already; keep one", line)
    }
    let value = try next()
    if Table.isSection(key) { return try readSection(key, value) }
    switch value {
    case .scalar(let text, let isPlain):
      if isPlain, YAMLFile.isNull(text) { throw missing(key, line) }
      entries.append(Entry(key: key, raw: .scalar(text), line: line))
    case .sequenceStart: entries.append(Entry(key: key, raw: .list(try readList(key)), line: line))
    default: throw error("\(key) must be one value, not a mapping", line)
    }
  }

  /// A section without members says nothing: the sample has such, its members commented out.
  private mutating func readSection(_ key: String, _ value: YAMLEvent) throws(ConfigurationError) {
    switch value {
    case .mappingStart: try readMapping(below: key)
    case .scalar(let text, true) where YAMLFile.isNull(text): break
    default: throw error("\(key) must be a mapping, its keys indented below it")
    }
  }

  private func readList(_ key: String) throws(ConfigurationError) -> [String] {
    var texts: [String] = []
    while true {
      switch try next() {
      case .sequenceEnd: return texts
      case .scalar(let text, let isPlain) where !(isPlain && YAMLFile.isNull(text)): texts.append(text)
      default: throw error("\(key) must be a list of single values")
      }
    }
  }

  private func next() throws(ConfigurationError) -> YAMLEvent {
    do {
      return try events.next()
    } catch {
      throw ConfigurationError("\(name):\(error.line)", error.message)
    }
  }

  /// YAML 1.2's core schema 10.2.1.1.
  private static func isNull(_ text: String) -> Bool { ["", "~", "null", "Null", "NULL"].contains(text) }

  private func missing(_ key: String, _ line: Int) -> ConfigurationError {
    error("\(key) has no value; give \(Table.row(key)?.kind.shape ?? "one") or take the line out", line)
  }

  private func unknown(_ key: String) -> ConfigurationError {
    if let row = Table.row(key) {
      return error("\(key) is not taken from a file; set \(row.environmentName) or master_key_file")
    }
    return error(Unknown.message(key))
  }

  private func error(_ message: String, _ line: Int? = nil) -> ConfigurationError {
    ConfigurationError("\(name):\(line ?? events.line)", message)
  }
}

/// What to say of a key that isn't in the table.
enum Unknown {
  static func message(_ key: String) -> String {
    // The end of a key in a strange section is as good a hint as its whole.
    let mend = Nearest.name(to: key, among: Table.names).map { "the nearest is \($0)" }
    return "\(Shown.text(key)) is no known key; " + (mend ?? "config/signet.yaml lists them all")
  }
}
