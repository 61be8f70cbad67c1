// What the key commands have in common: changing keys while others may, waiting for the running server, the known verifiers.

import Configuration
import Glibc
import Identity
import JOSE
import JSON
import Storage

extension Workbench {
  /// What a change by an operator is made with.
  func act(_ keys: UnlockedKeys, reason: String? = nil) -> KeyAct {
    let lifetime = max(Int64(settings.token.accessTTL.milliseconds), keys.material.demand.accessTTL ?? 0)
    return KeyAct(now: Self.now, tokenLifetime: lifetime, reason: reason, context: Self.context)
  }

  /// Makes a change of the keys as they are and does it; again, when somebody else was first.
  /// - Parameters:
  ///   - keys: the keys as they were read.
  ///   - plan: the change made of them, if it is made already; making one may take half a second.
  ///   - make: the change; nil when there is nothing to do any more.
  /// - Returns: what was done, nil when there was nothing to do.
  func change(
    _ keys: UnlockedKeys, _ plan: KeyChange? = nil, _ make: (UnlockedKeys) throws -> KeyChange?
  ) async throws -> KeyChange? {
    var (keys, plan) = (keys, plan)
    for _ in 0..<5 {
      guard let change = try plan ?? make(keys) else { return nil }
      if try await keys.perform(change) { return change }
      (keys, plan) = (try await self.keys(), nil)
    }
    throw KeyRingError.contended
  }

  /// The algorithms that a command concerns: the one that is named, or every one that has an active key here.
  func algorithms(_ name: String?, _ keys: UnlockedKeys) throws -> [SignatureAlgorithm] {
    let active = KeyOffers.usable.filter { keys.key($0.rawValue, .active) != nil }
    guard let name else {
      guard !active.isEmpty else { throw KeyRingError.noActiveKey(settings.token.algorithm.rawValue) }
      return active
    }
    guard let algorithm = active.first(where: { $0.rawValue == name }) else {
      let others = active.map(\.rawValue).joined(separator: ", ")
      throw CommandFailure.usage(
        "there is no active key for \(Label.text(name, limit: 40)); there is one for \(others)")
    }
    return [algorithm]
  }

  /// Waits a little until every live server serves by the keys that the store holds; nil when no server runs here.
  func awaitServers() async throws -> Bool? {
    guard folder.isServed else { return nil }
    let deadline = Clock().elapsed + 3000
    repeat {
      let mark = KeyRing.mark(of: try await store.keyMaterial().keys)
      let live = try await store.nodes().filter { $0.isLive(at: Self.now) }
      if !live.isEmpty, live.allSatisfy({ $0.keys == mark }) { return true }
      try await Task.sleep(for: .milliseconds(50))
    } while Clock().elapsed < deadline
    return false
  }

  /// Waits a little until the store's keys are as wanted; whether they are.
  func awaits(_ condition: ([KeyRecord]) -> Bool) async throws -> Bool {
    let deadline = Clock().elapsed + 3000
    repeat {
      if condition(try await store.keyMaterial().keys) { return true }
      try await Task.sleep(for: .milliseconds(50))
    } while Clock().elapsed < deadline
    return false
  }

  /// What `awaitServers` found, as a sentence.
  static func sentence(_ arrived: Bool?) -> String {
    switch arrived {
    case nil: "no server runs here; the next one to start serves by them"
    case true?: "the running server serves by them"
    case false?: "the running server has NOT taken them up yet; its log says why"
    }
  }
}

/// The services known to fetch the JWK Set. They inform: who isn't listed may fetch through a proxy, and anybody can pretend
/// to be anybody.
struct KnownVerifiers {
  /// The latest first.
  let all: [VerifierRecord]
  /// Rows shown to people.
  private static let shown = 20

  init(_ bench: Workbench) async throws { all = try await bench.store.verifiers() }

  /// Those which have not fetched since a key was published.
  func lacking(_ key: KeyRecord) -> [VerifierRecord] { all.filter { !Self.has(key, $0) } }

  static func has(_ key: KeyRecord, _ verifier: VerifierRecord) -> Bool {
    key.publishedAt.map { verifier.lastSeenAt >= $0 } ?? false
  }

  /// Lines for people.
  static func lines(_ verifiers: [VerifierRecord]) -> [String] {
    let lines = verifiers.prefix(shown).map { verifier in
      "  \(name(verifier)), last fetched \(Time.text(verifier.lastSeenAt))"
    }
    return verifiers.count > shown ? lines + ["  and \(verifiers.count - shown) more"] : lines
  }

  /// Strangers' texts, which must not steer a terminal.
  static func name(_ verifier: VerifierRecord) -> String {
    let agent = Label.text(verifier.userAgent, limit: VerifierSighting.userAgentLimit)
    return
      "\(Label.text(verifier.address, limit: 64)) \(agent.isEmpty ? "without a user agent" : Output.text(.string(agent)))"
  }

  /// For programs.
  static func json(_ verifiers: [VerifierRecord], _ key: KeyRecord? = nil) -> JSONValue {
    .array(
      verifiers.map { verifier in
        .object(
          [
            JSONMember("address", .string(verifier.address)), JSONMember("user_agent", .string(verifier.userAgent)),
            JSONMember("first_fetched_at", .string(Time.text(verifier.firstSeenAt))),
            JSONMember("last_fetched_at", .string(Time.text(verifier.lastSeenAt))),
          ] + (key.map { [JSONMember("has_key", .bool(has($0, verifier)))] } ?? []))
      })
  }
}

/// Durations for people.
func text(milliseconds: Int64) -> String { DurationWords.text(milliseconds) }

/// Durations in their two greatest units.
enum DurationWords {
  static func text(_ milliseconds: Int64) -> String {
    var rest = max(0, milliseconds / 1000)
    var words: [String] = []
    for (name, size) in [("d", Int64(86_400)), ("h", 3600), ("m", 60), ("s", 1)] where rest >= size {
      words.append("\(rest / size)\(name)")
      rest %= size
    }
    return words.isEmpty ? "0s" : words.prefix(2).joined()
  }
}
