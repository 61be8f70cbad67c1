// `signet client …`: the applications which get tokens.

import API
import ArgumentParser
import Configuration
import Identity
import JSON
import OpenSSL
import Storage

struct ClientCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "client", abstract: "Add, list, show, change and delete clients, and rotate their secrets.",
    subcommands: [Add.self, List.self, Show.self, Change.self, Delete.self, RotateSecret.self])
}

extension ClientCommand {
  struct Add: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "add", abstract: "Add a client, and print its client_id and, this once, its secret.",
      discussion: "A public client gets the grants password and refresh_token unless others are named, a confidential "
        + "one client_credentials and client_secret_basic.")
    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup(title: "The client") var registration: RegistrationOptions
    @OptionGroup(title: "Access tokens") var form: TokenFormOptions
    @Argument(help: "A name for people.") var name: String
    @Option(help: "Its client_id; by default a random one.") var id: String?

    func run() async throws {
      let key = try form.newMACKey()
      let members = try registration.members() + [JSONMember("name", .string(name))]
      var client = ClientRecord(
        id: id ?? ClientRules.newID(), name: name, isPublic: true, isFirstParty: true, grants: [], audiences: [],
        scopes: [], createdAt: Workbench.now)
      try RegistrationOptions.checked { () throws(ClientError) in try ClientEdit(members).apply(to: &client) }
      if registration.grants.isEmpty, !registration.noGrants { client.grants = ClientEdit.usualGrants(client) }
      try form.apply(to: &client.tokens, key?.record)
      try await add(client, key)
    }

    private func add(_ client: ClientRecord, _ key: NewClientMACKey?) async throws {
      try await Workbench.open(options, creating: true) { bench in
        var client = client
        let rules = try bench.clientRules()
        let secret = try RegistrationOptions.checked { () throws(ClientError) in try rules.complete(&client) }
        // Once more when the master key was changed in between.
        for _ in 0..<5 {
          var wrapped: WrappedClientKey?
          if let key { wrapped = try await bench.wrap(key, for: client.id) }
          if try await bench.store.addClient(client, macKey: wrapped, context: Workbench.context) {
            return ClientCommand.print("added client \(name)", client, key, secret, json: output.json)
          }
        }
        throw CommandFailure.failed("the master key is being changed all the time; try again")
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
