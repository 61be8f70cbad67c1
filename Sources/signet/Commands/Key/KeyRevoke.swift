// `signet key revoke`: a key that must not be trusted any more, from this moment.

import ArgumentParser
import Configuration
import Identity
import JSON
import Storage

extension KeyCommand {
  struct Revoke: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "revoke", abstract: "Take a key out of the JWK Set and refuse its tokens, at once.",
      discussion: """
        The pending key takes an active one's place. With --compromised, active and pending key of the algorithm are \
        revoked and both made new: whoever took one could take the other.
        """)
    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "The key's id, as `signet key list` shows it.") var kid: String
    @Flag(help: "The key is in wrong hands.") var compromised = false
    @Option(help: "Why, for the audit trail; up to 200 bytes.") var reason: String?

    func run() async throws {
      try ReasonOption.check(reason)
      try await Workbench.open(options) { bench in
        let keys = try await bench.keys()
        var report = KeyReport(json: output.json)
        let plan = try keys.revocation(of: kid, compromised: compromised, bench.act(keys, reason: reason))
        announce(plan, keys, bench, report)
        let done = try await bench.change(keys, plan) { keys in
          try keys.revocation(of: kid, compromised: compromised, bench.act(keys, reason: reason))
        }
        guard let done else { return }
        let arrived = try await bench.awaitServers()
        try await conclude(done, arrived, bench, &report)
      }
    }

    private func announce(_ plan: KeyChange, _ keys: UnlockedKeys, _ bench: Workbench, _ report: KeyReport) {
      for step in plan.steps {
        switch step.move {
        case .revoke:
          report.say("key \(step.kid), \(step.from.rawValue), goes from the JWK Set and its tokens are refused")
        case .activate:
          let age = keys.material.keys.first { $0.kid == step.kid }?.publishedAt.map { Workbench.now - $0 }
          let published = age.map { "published for \(text(milliseconds: $0))" } ?? "not published yet"
          report.say("key \(step.kid), pending, \(published), takes over")
        case .retire, .delete: break
        }
      }
      for key in plan.added { report.say("a new \(key.state.rawValue) \(key.algorithm) key is made") }
    }

    private func conclude(
      _ done: KeyChange, _ arrived: Bool?, _ bench: Workbench, _ report: inout KeyReport
    ) async throws {
      let verifiers = try await KnownVerifiers(bench)
      let revoked = done.steps.filter { $0.move == .revoke }.map(\.kid)
      let active = done.steps.first { $0.move == .activate }?.kid ?? done.added.first { $0.state == .active }?.kid
      report.say("revoked \(revoked.joined(separator: ", ")): \(Workbench.sentence(arrived))")
      if let active { report.say("\(active) signs from now on") }
      report.say(
        "What must happen next: services go on trusting the key until they fetch the JWK Set again, for up to "
          + "\(bench.settings.keyPolicy.maxAge)s if they keep to max-age. Restart those that keep it longer.")
      if active != nil {
        report.say(
          "Until then a service that doesn't fetch on an unknown kid may refuse the new tokens. "
            + "Users needn't log in again: clients refresh.")
      }
      if compromised {
        report.say(
          "If the data folder or the master key was taken too, run `signet key rewrap --compromised`: then every key is."
        )
      }
      if !verifiers.all.isEmpty {
        report.say("Known verifiers: \(verifiers.all.count); each must fetch the new set")
        for line in KnownVerifiers.lines(verifiers.all) { report.say(line) }
      }
      for kid in revoked { report.add([JSONMember("kid", .string(kid))]) }
      report.finish(
        "revoked",
        [
          JSONMember("active", JSONValue(active)), JSONMember("made", .array(done.added.map { .string($0.kid) })),
          JSONMember("served", arrived.map(JSONValue.bool) ?? .null),
          JSONMember("max_age", .integer(Int64(bench.settings.keyPolicy.maxAge))),
          JSONMember("verifiers", KnownVerifiers.json(verifiers.all)),
        ])
    }
  }
}

/// The words an operator gives for the record.
enum ReasonOption {
  /// Throws unless they can be kept and shown as they are.
  static func check(_ reason: String?) throws {
    guard let reason else { return }
    guard !reason.isEmpty, Label.text(reason, limit: 200) == reason else {
      throw CommandFailure.usage("--reason takes 1 to 200 bytes without control characters")
    }
  }
}
