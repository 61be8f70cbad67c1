// `signet key rotate`: the next key's turn, as soon as every verifier had the time to fetch it; or at once.

import ArgumentParser
import Identity
import JOSE
import JSON
import Storage

extension KeyCommand {
  struct Rotate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Have the pending key take over, once it was published for key.publish_before.",
      discussion: """
        When it was, it takes over at once; else the running server does it as soon as it was. With --now it takes over
        now; what will break is said first.
        """)
    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions
    @Flag(help: "Don't wait for verifiers to fetch the key.") var now = false
    @Option(help: "Only the key of this algorithm; by default every one.") var algorithm: String?

    func run() async throws {
      try await Workbench.open(options) { bench in
        let algorithms = try bench.algorithms(algorithm, try await bench.keys())
        let verifiers = try await KnownVerifiers(bench)
        var report = KeyReport(json: output.json)
        for algorithm in algorithms { try await rotate(algorithm, bench, verifiers, &report) }
        let isChanged = report.objects.contains { $0.contains(JSONMember("rotated", .bool(true))) }
        let arrived = isChanged ? try await bench.awaitServers() : nil
        if isChanged { report.say("keys changed: \(Workbench.sentence(arrived))") }
        report.finish(
          "rotations", [JSONMember("served", arrived.map(JSONValue.bool) ?? .null)])
      }
    }

    private func rotate(
      _ algorithm: SignatureAlgorithm, _ bench: Workbench, _ verifiers: KnownVerifiers, _ report: inout KeyReport
    ) async throws {
      let keys = try await bench.keys()
      guard let active = keys.key(algorithm.rawValue, .active) else {
        throw KeyRingError.noActiveKey(algorithm.rawValue)
      }
      guard let pending = keys.key(algorithm.rawValue, .pending) else {
        throw KeyRingError.noPendingKey(algorithm.rawValue)
      }
      let policy = bench.settings.keyPolicy
      let age = pending.publishedAt.map { Workbench.now - $0 }
      guard now || (age ?? 0) >= policy.publishBefore else {
        return try await request(active, pending, policy, bench, &report)
      }
      announce(active, pending, age, policy, verifiers, &report)
      let done = try await bench.change(keys) { keys in
        // Another process may have done it meanwhile; once is what was asked for.
        guard keys.key(algorithm.rawValue, .active)?.kid == active.kid,
          keys.key(algorithm.rawValue, .pending)?.kid == pending.kid
        else { return nil }
        return try keys.promotion(of: algorithm, bench.act(keys))
      }
      let next = done?.added.first?.kid
      report.say(
        done == nil
          ? "\(algorithm.rawValue): somebody else has just rotated it; nothing was done"
          : "\(algorithm.rawValue): \(pending.kid) signs from now on; the next one, \(next ?? ""), is published")
      report.add([
        JSONMember("algorithm", .string(algorithm.rawValue)), JSONMember("rotated", .bool(done != nil)),
        JSONMember("retired", .string(active.kid)), JSONMember("active", .string(pending.kid)),
        JSONMember("pending", JSONValue(next)),
        JSONMember("lacking", KnownVerifiers.json(verifiers.lacking(pending))),
      ])
    }

    /// Says what will happen, and to whom.
    private func announce(
      _ active: KeyRecord, _ pending: KeyRecord, _ age: Int64?, _ policy: KeyPolicy, _ verifiers: KnownVerifiers,
      _ report: inout KeyReport
    ) {
      let published = age.map { "published for \(text(milliseconds: $0))" } ?? "NOT published yet by any server"
      let rest = policy.rest(tokenLifetime: active.tokenLifetime)
      report.say(
        "\(active.algorithm): \(active.kid) retires; it stays published for \(text(milliseconds: rest)). "
          + "\(pending.kid), \(published), takes over")
      let lacking = verifiers.lacking(pending)
      if (age ?? 0) < policy.publishBefore {
        report.say(
          "What will break: a verifier that keeps the JWK Set from before refuses the new key's tokens until it fetches "
            + "again: for \(policy.maxAge)s if it keeps to max-age, longer if not (12h are known). One that fetches again on "
            + "an unknown kid is fine.")
      }
      if !lacking.isEmpty {
        report.say("\(lacking.count) of \(verifiers.all.count) known verifiers haven't fetched it:")
        for line in KnownVerifiers.lines(lacking) { report.say(line) }
      }
    }

    /// Leaves it to the running server.
    private func request(
      _ active: KeyRecord, _ pending: KeyRecord, _ policy: KeyPolicy, _ bench: Workbench, _ report: inout KeyReport
    ) async throws {
      let now = Workbench.now
      guard try await bench.store.requestRotation(of: active.kid, now: now, context: Workbench.context) else {
        throw KeyRingError.contended
      }
      let ready = pending.publishedAt.map { $0 + policy.publishBefore }
      let when = ready.map { "at \(Time.text($0)), in \(text(milliseconds: $0 - now))" }
      let who = bench.folder.isServed ? "the running server" : "a running server (none runs at the moment)"
      report.say(
        "\(active.algorithm): \(who) lets \(pending.kid) take over from \(active.kid) "
          + (when ?? "\(text(milliseconds: policy.publishBefore)) after a server has published it"))
      report.add([
        JSONMember("algorithm", .string(active.algorithm)), JSONMember("rotated", .bool(false)),
        JSONMember("active", .string(active.kid)), JSONMember("pending", .string(pending.kid)),
        JSONMember("rotates_at", JSONValue(ready.map(Time.text))),
      ])
    }
  }
}

/// What a command says on its way: lines for people as they come, or one object for programs at the end.
struct KeyReport {
  let json: Bool
  private(set) var objects: [[JSONMember]] = []

  init(json: Bool) { self.json = json }

  /// A line for people.
  func say(_ line: String) { if !json { Output.line(line) } }

  /// A part of the object.
  mutating func add(_ members: [JSONMember]) { objects.append(members) }

  /// Prints the object: the parts under this name, and further members.
  func finish(_ name: String, _ members: [JSONMember]) {
    guard json else { return }
    Output.line(Output.text(.object([JSONMember(name, .array(objects.map { .object($0) }))] + members)))
  }
}
