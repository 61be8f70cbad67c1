// `signet client change`: what a client's tokens look like from now on. A running server heeds it within a second.

import ArgumentParser
import Identity
import JSON
import OpenSSL
import Storage

extension ClientCommand {
  struct Change: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "change", abstract: "Change what a client's access tokens look like.",
      discussion: "Only what is named changes; --claim adds to the claims there are, --no-claims drops those. "
        + "A running server heeds it within a second; tokens that are out stay as they are until they expire.")
    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup(title: "Access tokens") var form: TokenFormOptions
    @Argument(help: "Its client_id.") var id: String

    func run() async throws {
      guard !form.isEmpty else {
        throw CommandFailure.usage("nothing to change was named; see signet client change --help")
      }
      let key = try form.newMACKey()
      try await Workbench.open(options) { bench in
        // Once more when another operator was faster; then what was named is applied to what that one left.
        for _ in 0..<5 {
          if let changed = try await change(bench, key) {
            ClientCommand.print("changed client \(id)", changed, key, json: output.json)
            return
          }
        }
        throw CommandFailure.failed("client \(id) is being changed by others all the time; try again")
      }
    }

    /// The client after its change; nil when it was another one meanwhile.
    private func change(_ bench: Workbench, _ key: NewClientMACKey?) async throws -> ClientRecord? {
      let old = try await bench.client(id)
      var new = old
      try form.apply(to: &new.tokens, key?.record)
      try bench.check(new)
      var macKey: ClientChange.MACKey = .keep
      if let key {
        macKey = .replace(try await bench.wrap(key, for: id))
      } else if old.tokens.macKey != nil, new.tokens.macKey == nil {
        macKey = .remove
      }
      let change = ClientChange(old: old, new: new, macKey: macKey, now: Workbench.now, context: Workbench.context)
      return try await bench.store.changeClient(change) ? try await bench.client(id) : nil
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
