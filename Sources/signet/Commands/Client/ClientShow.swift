// `signet client list` and `show`: a client as people and programs read it, without its secrets.

import API
import ArgumentParser
import Identity
import JSON
import Storage

extension ClientCommand {
  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List clients.")
    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
      try await Workbench.open(options) { bench in
        var table = Table(columns: [
          "client_id", "name", "kind", "authentication", "grants", "audiences", "scopes", "created_at",
        ])
        table.rows = try await bench.store.clients().map { client in
          let members = ClientDocument.members(client)
          return table.columns.map { column in members.first { $0.name == column }?.value ?? .null }
        }
        table.print(json: output.json)
      }
    }
  }

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "show", abstract: "Show one client.",
      discussion: "What stands at - is as it is for every client; secrets aren't shown.")
    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "Its client_id.") var id: String

    func run() async throws {
      try await Workbench.open(options) { bench in
        let client = try await bench.client(id)
        let members = ClientDocument.members(client)
        var table = Table(columns: members.map(\.name))
        table.rows = [members.map(\.value)]
        if output.json { return table.print(json: true) }
        // As the option takes them.
        let claims = JSONValue.array(client.tokens.claims.map { .string("\($0.name)=\($0.attribute)") })
        table.rows = [members.map { $0.name == "claims" ? claims : $0.value }]
        table.printDown()
      }
    }
  }

  /// Says what was done to a client, and shows a secret or MAC key that was made for it this once; one that was brought
  /// is known already.
  static func print(
    _ sentence: String, _ client: ClientRecord, _ key: NewClientMACKey?, _ secret: String?, json: Bool
  ) {
    var lines = [sentence, "client_id \(client.id)"]
    var members = [JSONMember("client_id", .string(client.id))]
    if let secret {
      lines.append("client_secret \(secret)")
      members.append(JSONMember("client_secret", .string(secret)))
    }
    if let key {
      lines.append(key.isGenerated ? "mac_key \(Output.text(key.jwk))" : "mac_key_id \(key.record.kid)")
      members.append(
        key.isGenerated ? JSONMember("mac_key", key.jwk) : JSONMember("mac_key_id", .string(key.record.kid)))
      if client.tokens.algorithm != key.record.algorithm {
        lines.append("it isn't in use: choose it by --algorithm \(key.record.algorithm)")
      }
    }
    Output.done(lines.joined(separator: "\n"), members, json: json)
  }
}
