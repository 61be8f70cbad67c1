// `signet audit …`: what happened.

import API
import ArgumentParser
import JSON
import OpenSSL
import Storage

struct AuditCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit", abstract: "Read the audit trail and check its chain.", subcommands: [List.self, Verify.self])

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List what happened, oldest first.")
    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions
    @Option(help: "Begin after this row.") var after: Int64 = 0
    @Option(help: "Rows to show at most.") var limit = 1000

    func run() async throws {
      try await Workbench.open(options) { bench in
        var table = Table(
          columns: [
            "seq", "at", "event", "cause", "actor", "user_id", "session_id", "client_id", "ip", "request_id", "detail",
          ])
        table.rows = try await bench.store.audit(after: after, limit: limit).map { entry in
          [
            .integer(entry.sequence), .string(Time.text(entry.at)), .string(entry.event), JSONValue(entry.cause),
            .string(entry.actor), JSONValue(entry.userID?.description), JSONValue(entry.sessionID?.description),
            JSONValue(entry.clientID), JSONValue(entry.address), JSONValue(entry.requestID), JSONValue(entry.detail),
          ]
        }
        table.print(json: output.json)
      }
    }
  }

  struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "verify", abstract: "Check that no row was changed, removed or inserted.")
    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
      try await Workbench.open(options) { bench in
        var (last, digest) = (Int64(0), [UInt8](repeating: 0, count: 32))
        while true {
          let page = try await bench.store.audit(after: last, limit: 1000)
          for entry in page {
            guard entry.sequence == last + 1, entry.previous == digest, Digest.sha256(entry.chained) == entry.digest
            else {
              throw CommandFailure.failed(
                "the audit trail is broken at row \(entry.sequence): it or the row before was altered or removed")
            }
            (last, digest) = (entry.sequence, entry.digest)
          }
          if page.isEmpty { break }
        }
        Output.done(
          "\(last) rows, every one as it was written", [JSONMember("rows", .integer(last))], json: output.json)
      }
    }
  }
}

/// Times for people and programs.
enum Time {
  /// RFC 3339, for milliseconds since 1970.
  static func text(_ milliseconds: Int64) -> String { Timestamp.text(milliseconds) }
}
