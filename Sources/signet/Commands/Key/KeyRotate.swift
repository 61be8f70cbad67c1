// `signet key rotate`: the next key's turn, as soon as every verifier had the time to fetch it; or at once.

import ArgumentParser
import Identity
import JOSE
import JSON
import Storage

extension KeyCommand {
  struct Rotate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "rotate", abstract: "Have the pending key take over, once it was published for key.publish_before.",
      discussion: """
        When it was, it takes over at once; else the running server does it as soon as it was. With --now it takes over \
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
        for algorithm in algorithms {
          let keys = try await bench.keys()
          let turn = try KeyTurn(algorithm, keys, bench, verifiers, now: now)
          try await turn.take(keys, &report)
        }
        let isChanged = report.objects.contains { $0.contains(JSONMember("rotated", .bool(true))) }
        let arrived = isChanged ? try await bench.awaitServers() : nil
        if isChanged { report.say("keys changed: \(Workbench.sentence(arrived))") }
        report.finish("rotations", [JSONMember("served", arrived.map(JSONValue.bool) ?? .null)])
      }
    }
  }
}

/// The pending key of one algorithm that is to take over.
private struct KeyTurn {
  private let algorithm: SignatureAlgorithm
  private let bench: Workbench
  private let verifiers: KnownVerifiers
  private let isForced: Bool
  private let active: KeyRecord
  private let pending: KeyRecord
  private let policy: KeyPolicy
  /// For how long the pending key has been published, in milliseconds; nil: it isn't yet.
  private let age: Int64?

  init(
    _ algorithm: SignatureAlgorithm, _ keys: UnlockedKeys, _ bench: Workbench, _ verifiers: KnownVerifiers, now: Bool
  ) throws {
    guard let active = keys.key(algorithm.rawValue, .active) else {
      throw KeyRingError.noActiveKey(algorithm.rawValue)
    }
    guard let pending = keys.key(algorithm.rawValue, .pending) else {
      throw KeyRingError.noPendingKey(algorithm.rawValue)
    }
    (self.algorithm, self.bench, self.verifiers, isForced) = (algorithm, bench, verifiers, now)
    (self.active, self.pending, policy) = (active, pending, bench.settings.keyPolicy)
    age = pending.publishedAt.map { Workbench.now - $0 }
  }

  /// Says what will happen, then has it happen.
  func take(_ keys: UnlockedKeys, _ report: inout KeyReport) async throws {
    guard isForced || (age ?? 0) >= policy.publishBefore else {
      try await request()
      let ready = pending.publishedAt.map { $0 + policy.publishBefore }
      return leave(ready.map { "at \(Time.text($0)), in \(text(milliseconds: $0 - Workbench.now))" }, ready, &report)
    }
    announce(&report)
    if isForced || !bench.folder.isServed { return try await promote(keys, &report) }
    // The running server decides, by a clock that never jumps.
    try await request()
    guard try await bench.awaits({ $0.contains { $0.kid == pending.kid && $0.state == .active } }) else {
      return leave("as soon as it has seen it published for long enough itself", nil, &report)
    }
    conclude(isDone: true, next: try await bench.keys().key(algorithm.rawValue, .pending)?.kid, &report)
  }

  private func promote(_ keys: UnlockedKeys, _ report: inout KeyReport) async throws {
    let done = try await bench.change(keys) { keys in
      // Another process may have done it meanwhile; once is what was asked for.
      guard keys.key(algorithm.rawValue, .active)?.kid == active.kid,
        keys.key(algorithm.rawValue, .pending)?.kid == pending.kid
      else { return nil }
      return try keys.promotion(of: algorithm, bench.act(keys))
    }
    conclude(isDone: done != nil, next: done?.added.first?.kid, &report)
  }

  private func request() async throws {
    guard
      try await bench.store.requestRotation(of: active.kid, now: Workbench.now, context: Workbench.context)
    else { throw KeyRingError.contended }
  }

  private func announce(_ report: inout KeyReport) {
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
    guard !lacking.isEmpty else { return }
    report.say("Known verifiers: \(verifiers.all.count); haven't fetched it: \(lacking.count)")
    for line in KnownVerifiers.lines(lacking) { report.say(line) }
  }

  private func conclude(isDone: Bool, next: String?, _ report: inout KeyReport) {
    report.say(
      isDone
        ? "\(active.algorithm): \(pending.kid) signs from now on; the next one, \(next ?? ""), is published"
        : "\(active.algorithm): it was rotated meanwhile, by the server or by somebody else; nothing was left to do")
    report.add([
      JSONMember("algorithm", .string(active.algorithm)), JSONMember("rotated", .bool(isDone)),
      JSONMember("retired", .string(active.kid)), JSONMember("active", .string(pending.kid)),
      JSONMember("pending", JSONValue(next)), JSONMember("lacking", KnownVerifiers.json(verifiers.lacking(pending))),
    ])
  }

  /// It is left to a server.
  private func leave(_ when: String?, _ at: Int64?, _ report: inout KeyReport) {
    let who = bench.folder.isServed ? "the running server" : "a running server (none runs at the moment)"
    report.say(
      "\(active.algorithm): \(who) lets \(pending.kid) take over from \(active.kid) "
        + (when ?? "\(text(milliseconds: policy.publishBefore)) after a server has published it"))
    report.add([
      JSONMember("algorithm", .string(active.algorithm)), JSONMember("rotated", .bool(false)),
      JSONMember("active", .string(active.kid)), JSONMember("pending", .string(pending.kid)),
      JSONMember("rotates_at", JSONValue(at.map(Time.text))),
    ])
  }
}
