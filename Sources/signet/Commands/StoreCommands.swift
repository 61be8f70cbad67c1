// `signet migrate` and `signet config …`.

import ArgumentParser
import Configuration
import Glibc
import JSON
import Storage
import Telemetry

struct MigrateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "migrate", abstract: "Bring the store's schema to what this version knows.")
  @OptionGroup var options: ConfigurationOptions
  @OptionGroup var output: OutputOptions
  @Flag(help: "Only show what would be applied.") var dryRun = false

  func run() async throws {
    let settings = try options.load().settings
    try await CommandFailure.wrap {
      let folder = try DataFolder(preparing: settings.data)
      let path = try Workbench.storePath(settings)
      let pending = try SQLiteStore.pendingMigrations(path: path, digest: Workbench.digest)
      if !dryRun { try apply(settings, folder) }
      let sentence =
        pending.isEmpty
        ? "the schema is up to date" : "\(dryRun ? "would apply" : "applied") \(pending.joined(separator: ", "))"
      let names = JSONMember(dryRun ? "pending" : "applied", .array(pending.map(JSONValue.string)))
      Output.done(sentence, [names], json: output.json)
    }
  }

  private func apply(_ settings: Settings, _ folder: DataFolder) throws {
    var options = SQLiteStore.Options(path: try Workbench.storePath(settings), now: Workbench.now)
    options.migrates = true
    try SQLiteStore(options, epoch: Workbench.randomEpoch(), digest: Workbench.digest, metrics: Metrics()).close()
  }
}

struct ConfigCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "config", abstract: "Check or show the configuration.", subcommands: [Check.self, Show.self])

  struct Check: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "check",
      abstract: "Check the configuration and the TLS files it names; exit 2, or 1 for a file, when it isn't good.")
    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
      let loaded = try options.load()
      _ = try loaded.settings.argon2
      _ = try Workbench.storePath(loaded.settings)
      do { _ = try loaded.settings.offers() } catch { throw CommandFailure.usage("token.algorithms: \(error)") }
      let certificates = try loaded.settings.tls.credentials.map(Certificates.init)
      let warnings = loaded.warnings.map { "\($0)" } + (certificates?.warnings ?? [])
      Output.done(
        (warnings.map { "warning: \($0)" } + ["the configuration is good"]).joined(separator: "\n"),
        [JSONMember("good", .bool(true)), JSONMember("warnings", .array(warnings.map(JSONValue.string)))],
        json: output.json)
    }
  }

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "show", abstract: "Show every setting, its value and where that came from; secrets hidden.")
    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
      var table = Table(columns: ["key", "value", "origin", "description"])
      table.rows = try options.load().rows.map { row in
        [.string(row.key), .string(row.value), .string(row.origin), .string(row.description)]
      }
      table.print(json: output.json)
    }
  }
}
