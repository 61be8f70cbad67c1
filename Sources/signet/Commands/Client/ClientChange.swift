// `signet client change`: what a client is, may ask for and gets from now on. A running server heeds it within a second.

import API
import ArgumentParser
import Identity
import JSON
import OpenSSL
import Storage

extension ClientCommand {
  struct Change: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "change", abstract: "Change a client.",
      discussion:
        "Only what is named changes. A list that is named takes the place of the one there was, but --claim adds to the "
        + "claims; --no-claims drops those. "
        + "A running server heeds it within a second; tokens that are out stay as they are until they expire.")
    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup(title: "The client") var registration: RegistrationOptions
    @OptionGroup(title: "Access tokens") var form: TokenFormOptions
    @Option(help: "Another name for people.") var name: String?
    @Argument(help: "Its client_id.") var id: String

    func run() async throws {
      let members = try registration.members() + (name.map { [JSONMember("name", .string($0))] } ?? [])
      guard !form.isEmpty || !members.isEmpty else {
        throw CommandFailure.usage("nothing to change was named; see signet client change --help")
      }
      let edit = try RegistrationOptions.checked { () throws(ClientError) in try ClientEdit(members) }
      let key = try form.newMACKey()
      try await Workbench.open(options) { bench in
        // Once more when another operator was faster; then what was named is applied to what that one left.
        for _ in 0..<5 {
          if let (changed, secret) = try await change(bench, edit, key) {
            ClientCommand.print("changed client \(id)", changed, key, secret, json: output.json)
            return
          }
        }
        throw CommandFailure.failed("client \(id) is being changed by others all the time; try again")
      }
    }

    /// The client after its change; nil when it was another one meanwhile.
    private func change(
      _ bench: Workbench, _ edit: ClientEdit, _ key: NewClientMACKey?
    ) async throws -> (ClientRecord, secret: String?)? {
      let (old, rules) = (try await bench.client(id), try bench.clientRules())
      var new = old
      try RegistrationOptions.checked { () throws(ClientError) in try edit.apply(to: &new) }
      try form.apply(to: &new.tokens, key?.record)
      let secret = try RegistrationOptions.checked { () throws(ClientError) in try rules.complete(&new) }
      var macKey: ClientChange.MACKey = .keep
      if let key {
        macKey = .replace(try await bench.wrap(key, for: id))
      } else if old.tokens.macKey != nil, new.tokens.macKey == nil {
        macKey = .remove
      }
      let change = ClientChange(old: old, new: new, macKey: macKey, now: Workbench.now, context: Workbench.context)
      return try await bench.store.changeClient(change) ? (try await bench.client(id), secret) : nil
    }
  }
}

extension Workbench {
  /// The client with this id.
  func client(_ id: String) async throws -> ClientRecord {
    guard let client = try await store.clients().first(where: { $0.id == id }) else {
      throw CommandFailure.failed("there is no client \(id); `signet client list` shows all")
    }
    return client
  }
}
