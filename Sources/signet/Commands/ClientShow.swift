// `signet client list` and `show`: a client as people and programs read it, without its secrets.

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
        var table = Table(columns: ["client_id", "name", "kind", "grants", "audiences", "scopes", "created_at"])
        table.rows = try await bench.store.clients().map { client in
          let members = ClientCommand.members(client)
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
        let members = ClientCommand.members(client)
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

  /// Says what was done to a client, and shows a MAC key that was made for it this once; one that was brought
  /// is known already.
  static func print(_ sentence: String, _ client: ClientRecord, _ key: NewClientMACKey?, json: Bool) {
    var lines = [sentence, "client_id \(client.id)"]
    var members = [JSONMember("client_id", .string(client.id))]
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

  private static func members(_ client: ClientRecord) -> [JSONMember] {
    func list(_ values: [String]) -> JSONValue { .array(values.map(JSONValue.string)) }
    func seconds(_ duration: Int64?) -> JSONValue { duration.map { .integer($0 / 1000) } ?? .null }
    return [
      JSONMember("client_id", .string(client.id)), JSONMember("name", .string(client.name)),
      JSONMember("kind", .string(client.isPublic ? "public" : "confidential")),
      JSONMember("first_party", .bool(client.isFirstParty)), JSONMember("grants", list(client.grants)),
      JSONMember("audiences", list(client.audiences)), JSONMember("scopes", list(client.scopes)),
      JSONMember("access_ttl", seconds(client.accessTTL)), JSONMember("idle_ttl", seconds(client.idleTTL)),
      JSONMember("absolute_ttl", seconds(client.absoluteTTL)),
    ] + members(client.tokens) + [
      // The built-in client was never created.
      JSONMember("created_at", client.createdAt == 0 ? .null : .string(Time.text(client.createdAt)))
    ]
  }

  private static func members(_ tokens: ClientTokens) -> [JSONMember] {
    let encryptionKey = tokens.encryptionKey.flatMap { try? JSONValue.parse(Array($0.utf8)) }
    let macKey = tokens.macKey.map { key in
      JSONValue.object([JSONMember("alg", .string(key.algorithm)), JSONMember("kid", .string(key.kid))])
    }
    let claims = tokens.claims.map { JSONMember($0.name, .string($0.attribute)) }
    return [
      JSONMember("algorithm", JSONValue(tokens.algorithm)), JSONMember("encryption_key", encryptionKey ?? .null),
      JSONMember("encryption", JSONValue(tokens.contentEncryption)), JSONMember("mac_key", macKey ?? .null),
      JSONMember("claims", .object(claims)), JSONMember("roles_claim", .string(tokens.rolesClaim ?? ClaimName.roles)),
      JSONMember("token_size", tokens.sizeLimit.map { .integer(Int64($0)) } ?? .null),
      JSONMember("tokens_changed_at", tokens.changedAt == 0 ? .null : .string(Time.text(tokens.changedAt))),
    ]
  }
}
