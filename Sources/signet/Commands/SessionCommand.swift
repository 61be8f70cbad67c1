// `signet session …`: who is signed in where.

import ArgumentParser
import JSON
import Storage

struct SessionCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "session", abstract: "List and end sessions.", subcommands: [List.self, Revoke.self])

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "list", abstract: "List a user's live sessions, newest first.")
    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "The username.") var user: String

    func run() async throws {
      try await Workbench.open(options) { bench in
        let owner = try await bench.user(user)
        var table = Table(
          columns: ["id", "client_id", "device", "created_at", "last_used_at", "ip", "user_agent", "generation"])
        table.rows = try await bench.store.sessions(of: owner.id, now: Workbench.now).map { session in
          [
            .string(session.id.description), .string(session.clientID), JSONValue(session.device),
            .string(Time.text(session.createdAt)), .string(Time.text(session.rotatedAt)), .string(session.address),
            JSONValue(session.userAgent), .integer(Int64(session.generation)),
          ]
        }
        table.print(json: output.json)
      }
    }
  }

  struct Revoke: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "revoke", abstract: "End one session, or all of a user.")
    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "The session's id.") var id: String?
    @Option(help: "End every session of this user.") var user: String?

    func run() async throws {
      guard (id == nil) != (user == nil) else {
        throw CommandFailure.usage("give either a session's id or --user NAME")
      }
      let session = try id.map { text in
        guard let session = UniqueID(text) else { throw CommandFailure.usage("\(text) isn't a session's id") }
        return session
      }
      try await Workbench.open(options) { bench in
        let ended = try await end(session, bench)
        Output.done(
          "ended \(ended) session\(ended == 1 ? "" : "s")", [JSONMember("ended", .integer(Int64(ended)))],
          json: output.json)
      }
    }

    private func end(_ session: UniqueID?, _ bench: Workbench) async throws -> Int {
      let (now, context) = (Workbench.now, Workbench.context)
      guard let session else {
        let owner = try await bench.user(user ?? "")
        return try await bench.store.endSessions(
          of: owner.id, reason: .operator, event: .logoutAll, now: now, context: context)
      }
      guard
        try await bench.store.endSession(
          session, of: nil, reason: .operator, event: .sessionEnded, now: now, context: context)
      else { throw CommandFailure.failed("there is no live session \(session)") }
      return 1
    }
  }
}
