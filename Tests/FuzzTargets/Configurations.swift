// A configuration file and, behind the first NUL, variables of the environment (`NAME=VALUE`, a NUL between two).
//
// What is good must be good again when each value is given as `config show` shows it; what is bad gives one line that
// holds no secret. Variables which name files are left out: the input must not choose what is opened.

#if DEBUG || FUZZING
@testable import Configuration
import Glibc

extension FuzzTarget {
  /// A configuration.
  static let configuration = FuzzTarget(name: "configuration", longest: 4096) { bytes in
    let parts = Array(bytes).divided(by: 0)
    var environment: [String: String] = [:]
    for line in parts.dropFirst() {
      let text = String(decoding: line, as: UTF8.self)
      guard let equals = text.firstIndex(of: "=") else { continue }
      let name = String(text[..<equals])
      guard !name.hasSuffix("_FILE"), name != Configuration.Environment.configName else { continue }
      environment[name] = String(text[text.index(after: equals)...])
    }
    let machine = Machine(cores: 4, memoryKiB: 8 << 20)
    do {
      let loaded = try NamelessFile.with(parts[0]) { path throws(ConfigurationError) in
        try Settings.load(file: path, environment: environment, overrides: [], machine: machine)
      }
      for warning in loaded.warnings { try checkLine(warning, environment) }
      try checkAgain(loaded, machine)
    } catch let error as ConfigurationError {
      try checkLine(error.description, environment)
    }
  }

  private static func checkLine(_ text: String, _ environment: [String: String]) throws {
    try check(!text.isEmpty && text.utf8.count < 2000, "\(text.utf8.count) bytes: \(text)")
    try check(
      !text.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7f }, "not one line: \(shown(text.utf8))")
    guard let secret = environment["SIGNET_MASTER_KEY"], secret.utf8.count > 16 else { return }
    let others = environment.filter { $0.key != "SIGNET_MASTER_KEY" }
    let stands = others.contains { $0.key.contains(secret) || $0.value.contains(secret) }
    try check(stands || !text.contains(secret), "a secret was shown")
  }

  /// What `config show` shows, given as flags.
  private static func checkAgain(_ loaded: Loaded, _ machine: Machine) throws {
    try check(loaded.rows.count == Table.rows.count, "a row is missing")
    // Outside a file a list can't hold a path with a comma, nor one that ends with a space.
    let isShowable = loaded.values.values.allSatisfy { value in
      guard case .list(let texts) = value else { return true }
      return texts.allSatisfy { !$0.contains(",") && $0.first != " " && $0.last != " " }
    }
    guard isShowable else { return }
    let given = loaded.rows.filter { $0.origin != "default" && $0.key != "master_key" }
    do {
      let again = try Settings.load(
        file: nil, environment: [:], overrides: given.map { ($0.key, $0.value) }, machine: machine)
      for row in given {
        let (one, other) = (loaded.values[row.key], again.values[row.key])
        try check(one == other, "\(row.key), shown as \(row.value), becomes \(other?.shown ?? "nothing")")
      }
    } catch let error as ConfigurationError {
      throw Broken("not good when it is given as shown: \(error)")
    }
  }
}

/// A file without a name in the file system.
private enum NamelessFile {
  /// Runs `body` with the path of a file that holds `bytes`.
  static func with<R, E: Error>(_ bytes: [UInt8], _ body: (String) throws(E) -> R) throws -> R {
    guard let file = tmpfile() else { throw Broken("tmpfile: \(errno)") }
    defer { fclose(file) }
    guard fwrite(bytes, 1, bytes.count, file) == bytes.count, fflush(file) == 0 else {
      throw Broken("fwrite: \(errno)")
    }
    return try body("/proc/self/fd/\(fileno(file))")
  }
}
#endif
