// The program: its commands, and how any of them ends.
//
// Exit 0 done, 1 failed, 2 used wrongly. An error is one line on standard error: what, why, the mend.

import ArgumentParser
import Glibc

@main
struct Signet: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "signet",
    abstract: "A standalone authentication server.",
    discussion: """
      `signet serve` listens; the other commands work on its data folder, also while it runs.
      Documentation: README.md; every setting: `signet config show`.
      """,
    version: version,
    subcommands: [
      ServeCommand.self, UserCommand.self, ClientCommand.self, SessionCommand.self, KeyCommand.self, AuditCommand.self,
      TokenCommand.self, MigrateCommand.self, ConfigCommand.self, HealthCommand.self,
    ])

  static let version = "0.1.0"

  static func main() async {
    // Only the control thread takes signals: blocked here, before there is another thread to inherit the mask.
    Signals.block()
    do {
      var command = try parseAsRoot()
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
    } catch {
      end(with: error)
    }
  }

  private static func end(with error: any Error) -> Never {
    if let failure = error as? CommandFailure {
      printError(failure.message)
      exit(failure.code)
    }
    guard exitCode(for: error) != .success else { exit(withError: error) }
    // The parser's message without its usage text, which `--help` shows.
    printError(message(for: error).split(separator: "\n").joined(separator: " "))
    exit(2)
  }

  private static func printError(_ message: String) {
    let line = Array("signet: \(message)\n".utf8)
    _ = write(2, line, line.count)
  }
}

/// Why a command ends without having done what it was asked.
struct CommandFailure: Error {
  let message: String
  let code: Int32

  /// It was tried and failed.
  static func failed(_ message: String) -> CommandFailure { CommandFailure(message: message, code: 1) }

  /// It was asked for wrongly.
  static func usage(_ message: String) -> CommandFailure { CommandFailure(message: message, code: 2) }

  /// What `body` throws, as a failure.
  static func wrap<Result>(_ body: () async throws -> Result) async throws -> Result {
    do { return try await body() } catch let failure as CommandFailure { throw failure } catch {
      throw CommandFailure.failed("\(error)")
    }
  }
}
