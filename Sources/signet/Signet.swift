// The program: its commands, and how any of them ends.
//
// Exit 0 done, 1 failed, 2 used wrongly. An error is one line on standard error: what, why, the mend.

import ArgumentParser
import Glibc
import SignetVerifier
import Threads

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
      TokenCommand.self, JoseCommand.self, MigrateCommand.self, ConfigCommand.self, HealthCommand.self,
    ])

  static let version = SignetVerifier.version

  /// Waits for the command on the main thread. For a server with the signals blocked that only its control thread takes:
  /// an async `main` would hand the main thread to Dispatch, which waits there with every signal open.
  static func main() {
    // Before there is another thread, so before the command is known from more than its name.
    if CommandLine.arguments.dropFirst().first == ServeCommand.configuration.commandName {
      Signals.block()
      Warming.begin()
    }
    // What is made in the data folder holds password hashes and keys, whatever the folder's own mode is.
    umask(0o077)
    let status = Monitor<Int32?>(nil)
    Task.detached {
      let code = await run()
      status.withLock { $0 = code }
      status.signal()
    }
    let code = status.wait { $0 }
    Warming.finish()
    Glibc.exit(code)
  }

  private static func run() async -> Int32 {
    do {
      var command = try parseAsRoot()
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
      return 0
    } catch {
      return report(error)
    }
  }

  private static func report(_ error: any Error) -> Int32 {
    if let failure = error as? CommandFailure {
      printError(failure.message)
      return failure.code
    }
    if exitCode(for: error) == .success {
      Output.line(fullMessage(for: error))
      return 0
    }
    printError("\(message(for: error).split(separator: "\n").joined(separator: " ")); \(advice(on: error))")
    return 2
  }

  /// How to get help on the command that was meant: the end of the parser's usage text, of which the rest is too long.
  private static func advice(on error: any Error) -> String {
    let last = fullMessage(for: error).split(separator: "\n").last.map { $0.drop { $0 == " " } } ?? ""
    return last.hasPrefix("See '") && last.hasSuffix("' for more information.")
      ? "see " + last.dropFirst(5).prefix { $0 != "'" } : "see signet --help"
  }

  private static func printError(_ message: String) {
    Output.line("signet: \(message)", to: 2)
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
