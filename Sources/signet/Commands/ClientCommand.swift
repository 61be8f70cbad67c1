// `signet client …`: the applications which get tokens.

import ArgumentParser
import Configuration
import Identity
import JSON
import OpenSSL
import Storage

struct ClientCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "client", abstract: "Add, list, show, change and delete clients.",
    subcommands: [Add.self, List.self, Show.self, Change.self, Delete.self])
}

extension ClientCommand {
  struct Add: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "add", abstract: "Add a public first-party client, and print its client_id.")
    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup(title: "Access tokens") var form: TokenFormOptions
    @Argument(help: "A name for people.") var name: String
    @Option(help: "Its client_id; by default a random one.") var id: String?
    @Option(name: .customLong("audience"), help: "An audience it may ask for, the first by default; may be repeated.")
    var audiences: [String] = []
    @Option(name: .customLong("scope"), help: "A scope value it may ask for; may be repeated.") var scopes: [String] =
      []
    @Option(name: .customLong("grant"), help: "password or refresh_token; by default both; may be repeated.")
    var grants: [String] = []
    @Option(help: "public: the client has no secret.") var kind = "public"

    func run() async throws {
      try check()
      let key = try form.newMACKey()
      var client = ClientRecord(
        id: id ?? UniqueID(random: Random.bytes(16)).description, name: name, isPublic: true, isFirstParty: true,
        grants: grants.isEmpty ? Self.knownGrants : grants, audiences: audiences, scopes: scopes,
        createdAt: Workbench.now)
      try form.apply(to: &client.tokens, key?.record)
      try await add(client, key)
    }

    private func add(_ client: ClientRecord, _ key: NewClientMACKey?) async throws {
      try await Workbench.open(options, creating: true) { bench in
        if let issuer = bench.settings.issuer, let bad = audiences.first(where: { $0.hasPrefix(issuer) }) {
          throw CommandFailure.usage("audience \(bad) is the issuer's own; name the services' API")
        }
        try bench.check(client)
        // Once more when the master key was changed in between.
        for _ in 0..<5 {
          var wrapped: WrappedClientKey?
          if let key { wrapped = try await bench.wrap(key, for: client.id) }
          if try await bench.store.addClient(client, macKey: wrapped, context: Workbench.context) {
            return ClientCommand.print("added client \(name)", client, key, json: output.json)
          }
        }
        throw CommandFailure.failed("the master key is being changed all the time; try again")
      }
    }

    private static let knownGrants = ["password", "refresh_token"]

    private func check() throws {
      guard kind == "public" else {
        throw CommandFailure.usage("--kind \(kind) isn't supported by this version; use public")
      }
      if let id, !Role.isName(id, limit: 64) {
        throw CommandFailure.usage("--id takes 1 to 64 letters, digits and ._:-")
      }
      guard !name.isEmpty, name.utf8.count <= 100, Username(name) != nil else {
        throw CommandFailure.usage("a client's name has 1 to 100 bytes without control characters")
      }
      // RFC 6749 section 3.3: visible ASCII but for the quote and the backslash.
      let bad = (scopes + audiences).first { value in
        value.isEmpty || value.utf8.count > 200
          || !value.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != 0x22 && $0 != 0x5c }
      }
      if let bad { throw CommandFailure.usage("\(bad) can't be a scope or audience: visible ASCII without quotes") }
      if let bad = grants.first(where: { !Self.knownGrants.contains($0) }) {
        throw CommandFailure.usage("--grant \(bad) isn't known; use \(Self.knownGrants.joined(separator: " or "))")
      }
    }
  }

  struct Delete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "delete", abstract: "Delete a client and its sessions, for good.")
    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "Its client_id.") var id: String

    func run() async throws {
      guard id != ClientRecord.builtIn else {
        throw CommandFailure.failed("the client \(id) is built in; requests that name no client are its own")
      }
      try await Workbench.open(options) { bench in
        try await bench.store.deleteClient(id, now: Workbench.now, context: Workbench.context)
        Output.done("deleted client \(id)", [JSONMember("client_id", .string(id))], json: output.json)
      }
    }
  }
}
