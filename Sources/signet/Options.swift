// The options that every command takes, and the settings which follow from them.

import ArgumentParser
import Configuration
import Glibc

/// Where the configuration comes from.
struct ConfigurationOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Configuration file; by default signet.yaml of this folder, where there is one.", valueName: "file"))
  var config: String?

  @Option(help: ArgumentHelp("Data folder; the same as --set data=DIR.", valueName: "dir"))
  var data: String?

  @Option(
    name: .customLong("set"),
    help: ArgumentHelp("A setting, over file and environment; may be repeated.", valueName: "key=value"))
  var overrides: [String] = []

  /// Reads file, environment and flags.
  func load() throws -> Loaded {
    var pairs: [(key: String, value: String)] = []
    for override in overrides {
      let parts = override.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2 else {
        throw CommandFailure.usage("--set takes KEY=VALUE, for example --set log.level=debug")
      }
      pairs.append((String(parts[0]), String(parts[1])))
    }
    if let data { pairs.append(("data", data)) }
    do {
      return try Settings.load(file: config ?? Self.defaultFile, environment: Self.environment, overrides: pairs)
    } catch {
      throw CommandFailure.usage("\(error)")
    }
  }

  private static var defaultFile: String? { access("signet.yaml", F_OK) == 0 ? "signet.yaml" : nil }

  /// The environment as names and values; of a name that stands there twice the first counts, as it does for `getenv`.
  private static var environment: [String: String] {
    var result: [String: String] = [:]
    var place = environ
    while let entry = place.pointee {
      let parts = String(cString: entry).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      if parts.count == 2, result[String(parts[0])] == nil { result[String(parts[0])] = String(parts[1]) }
      place += 1
    }
    return result
  }
}

/// Options of commands that print.
struct OutputOptions: ParsableArguments {
  @Flag(help: "Print JSON.")
  var json = false
}
