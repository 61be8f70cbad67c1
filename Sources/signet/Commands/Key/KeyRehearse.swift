// `signet key rehearse`: whether the services are ready for the next key, before it is in use.

import ArgumentParser
import Configuration
import Identity
import JOSE
import JSON
import Storage

extension KeyCommand {
  struct Rehearse: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "rehearse", abstract: "Print a token signed by the pending key, and who has fetched that key.",
      discussion: """
        The token says nothing of anybody: no sub, aud \(UnlockedKeys.canaryAudience), typ \(UnlockedKeys.canaryType), a \
        minute's life; Signet refuses it. A service which finds its signature good is ready for the key.
        """)
    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions
    @Option(help: "The key of this algorithm; by default of token.algorithm.") var algorithm: String?

    func run() async throws {
      try await Workbench.open(options) { bench in
        let keys = try await bench.keys()
        let name = try bench.algorithms(algorithm ?? bench.settings.token.algorithm.rawValue, keys)[0].rawValue
        guard let pending = keys.key(name, .pending) else { throw KeyRingError.noPendingKey(name) }
        let (now, issuer) = (Workbench.now, try await issuer(bench))
        // On record before it exists.
        try await bench.store.auditKey(pending.kid, event: .keyRehearsed, now: now, context: Workbench.context)
        let token = try keys.canary(pending, issuer: issuer, now: now)
        show(token, pending, try await KnownVerifiers(bench))
      }
    }

    /// The configured issuer, or what the running server found out.
    private func issuer(_ bench: Workbench) async throws -> String {
      if let issuer = bench.settings.issuer { return issuer }
      let live = try await bench.store.nodes().filter { $0.isLive(at: Workbench.now) }
      guard bench.folder.isServed, let node = live.max(by: { $0.seenAt < $1.seenAt }) else {
        throw CommandFailure.failed("issuer isn't set and no server runs that knows it; set it, or start the server")
      }
      return node.issuer
    }

    private func show(_ token: String, _ key: KeyRecord, _ verifiers: KnownVerifiers) {
      let members = [
        JSONMember("token", .string(token)), JSONMember("kid", .string(key.kid)),
        JSONMember("algorithm", .string(key.algorithm)),
        JSONMember("expires_in", .integer(UnlockedKeys.canaryLifetime)),
        JSONMember("published_at", JSONValue(key.publishedAt.map(Time.text))),
        JSONMember("verifiers", KnownVerifiers.json(verifiers.all, key)),
      ]
      let published =
        key.publishedAt.map { "published since \(Time.text($0))" } ?? "not published yet: start the server"
      let lacking = verifiers.lacking(key)
      let lines =
        [
          "kid \(key.kid) (\(key.algorithm)), \(published)",
          "good for \(UnlockedKeys.canaryLifetime)s and for nothing but its signature",
          "known verifiers: \(verifiers.all.count); haven't fetched this key: \(lacking.count)",
        ] + KnownVerifiers.lines(lacking)
      Output.done(token, members, json: output.json)
      // Apart from the token, which goes into a variable or a pipe.
      if !output.json { Output.line(lines.joined(separator: "\n"), to: 2) }
    }
  }
}
