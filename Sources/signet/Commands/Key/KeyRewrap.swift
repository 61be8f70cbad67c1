// `signet key rewrap`: a new master key.

import ArgumentParser
import Configuration
import Identity
import JSON
import Storage

extension KeyCommand {
  struct Rewrap: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "rewrap", abstract: "Change the master key: wrap every key by a new one; nobody is signed out.",
      discussion: """
        The key in master_key_file is replaced by a new random one. A key in SIGNET_MASTER_KEY is replaced by you: set that
        to the new one and SIGNET_MASTER_KEY_PREVIOUS to the old one, here and at the server's next start.
        With --compromised, every key that it wrapped is replaced too and every session ends.
        """)
    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions
    @Flag(help: "The master key is in wrong hands.") var compromised = false
    @Option(help: "Why, for the audit trail; up to 200 bytes.") var reason: String?

    func run() async throws {
      try ReasonOption.check(reason)
      guard reason == nil || compromised else { throw CommandFailure.usage("--reason goes with --compromised") }
      try await Workbench.open(options) { bench in
        let lock = try bench.folder.lockForRewrapping()
        defer { lock.release() }
        let offers = compromised ? try bench.settings.offers() : nil
        let source = Workbench.masterKeySource(bench.settings)
        let plan = try await MasterKeyPlan(bench.store, source, replacing: compromised, now: Workbench.now)
        Workbench.tell(plan.keys.notes)
        let report = KeyReport(json: output.json)
        announce(plan, bench, report)
        let done = try await plan.perform(replacing: offers, bench.act(plan.keys, reason: reason))
        let emptied = (try? SQLiteStore.emptyLog(path: Workbench.storePath(bench.settings))) ?? false
        let arrived = compromised ? try await bench.awaitServers() : nil
        conclude(done, bench, report, emptied: emptied, arrived: arrived)
      }
    }

    private static func place(_ settings: Settings) -> String {
      settings.masterKey == nil ? "a new key in \(settings.masterKeyFile)" : "SIGNET_MASTER_KEY"
    }

    private func announce(_ plan: MasterKeyPlan, _ bench: Workbench, _ report: KeyReport) {
      guard !plan.isDone else { return }
      let place = Self.place(bench.settings)
      guard compromised else {
        let count = plan.keys.material.wrapped.count
        return report.say("\(count) keys will be wrapped by \(place); nobody is signed out")
      }
      report.say("Every signing key will be revoked and made new, and so will every other key, wrapped by \(place).")
      report.say("Every session will end: everybody has to log in again.")
      let clients = plan.keys.material.clientKeys.map(\.clientID)
      if !clients.isEmpty { report.say("The MAC keys of these clients will go: \(clients.joined(separator: ", "))") }
    }

    private func conclude(
      _ done: MasterKeyChange, _ bench: Workbench, _ report: KeyReport, emptied: Bool, arrived: Bool?
    ) {
      if done.keys == 0 {
        report.say("the keys are wrapped by SIGNET_MASTER_KEY already; SIGNET_MASTER_KEY_PREVIOUS can go")
      } else {
        tell(done, bench, report, arrived)
        advise(bench, report)
        if !emptied {
          report.say("The database's log still holds pages from before; they go with its next checkpoints.")
        }
        report.say(
          "Whoever has the old master key and an old backup has the keys of then: destroy what you don't need.")
      }
      guard report.json else { return }
      Output.line(
        Output.text(
          .object([
            JSONMember("keys", .integer(Int64(done.keys))),
            JSONMember("sessions_ended", done.sessionsEnded.map { .integer(Int64($0)) } ?? .null),
            JSONMember("clients", .array(done.clients.map(JSONValue.string))),
            JSONMember("served", arrived.map(JSONValue.bool) ?? .null), JSONMember("log_emptied", .bool(emptied)),
          ])))
    }

    /// What was done.
    private func tell(_ done: MasterKeyChange, _ bench: Workbench, _ report: KeyReport, _ arrived: Bool?) {
      guard let ended = done.sessionsEnded else {
        return report.say("wrapped \(done.keys) keys by \(Self.place(bench.settings))")
      }
      report.say("replaced every key and ended \(ended) sessions: \(Workbench.sentence(arrived))")
      report.say(
        "What must happen next: services trust the old keys until they fetch the JWK Set again, for up to "
          + "\(bench.settings.keyPolicy.maxAge)s if they keep to max-age; restart those that keep it longer.")
      if !done.clients.isEmpty {
        report.say("Register new MAC keys for: \(done.clients.joined(separator: ", "))")
      }
    }

    /// What to do about the master key itself.
    private func advise(_ bench: Workbench, _ report: KeyReport) {
      let settings = bench.settings
      if settings.masterKey == nil {
        report.say(
          "Keep a copy of \(settings.masterKeyFile) apart from the database; the old one opens nothing but old backups."
        )
        guard settings.masterKeyPrevious != nil else { return }
        report.say("SIGNET_MASTER_KEY_PREVIOUS can go.")
      } else if bench.folder.isServed {
        report.say(
          "Restart the server with the new SIGNET_MASTER_KEY; until then it can't take up any change of keys or clients."
        )
      }
    }
  }
}
