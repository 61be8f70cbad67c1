// `signet client rotate-secret`: a new secret, and a while in which the one before is good too, so that every machine of
// a service can change over.

import API
import ArgumentParser
import Identity
import JSON
import Storage

extension ClientCommand {
  struct RotateSecret: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "rotate-secret", abstract: "Give a client a new secret, and print it this once.",
      discussion:
        "The secret before stays good for --keep; one that was before that is good no longer. A running server "
        + "heeds it within a second.")
    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions
    @Option(help: ArgumentHelp("How long the secret before stays good; 0s ends it at once.", valueName: "duration"))
    var keep = "24h"
    @Argument(help: "Its client_id.") var id: String

    func run() async throws {
      let keep = try RegistrationOptions.milliseconds("--keep", keep)
      try await Workbench.open(options) { bench in
        let (old, now) = (try await bench.client(id), Workbench.now)
        var new = old
        let secret = try RegistrationOptions.checked { () throws(ClientError) in
          try ClientSecret.rotate(&new, keep: keep, now: now)
        }
        let change = ClientChange(old: old, new: new, now: now, context: Workbench.context)
        // Never once more: whoever was faster has been told a secret, which must not be the one before already.
        guard try await bench.store.changeClient(change) else {
          throw CommandFailure.failed("client \(id) was changed at this moment by somebody else; nothing was rotated")
        }
        report(new, secret)
      }
    }

    private func report(_ client: ClientRecord, _ secret: String) {
      let until = client.authentication.previousSecret?.until.map(Timestamp.text)
      let lines = [
        "rotated the secret of client \(id)", "client_secret \(secret)",
        until.map { "the secret before is good until \($0)" } ?? "the secret before is good no longer",
      ]
      Output.done(
        lines.joined(separator: "\n"),
        [
          JSONMember("client_id", .string(id)), JSONMember("client_secret", .string(secret)),
          JSONMember("previous_secret_until", JSONValue(until)),
        ], json: output.json)
    }
  }
}
