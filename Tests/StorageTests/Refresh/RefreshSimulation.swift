// Many seeds through the decision itself, fewer through a store, which must answer the same.
//
// A failure names its seed; `SIGNET_SEED=n swift test --filter RefreshSimulation` plays that one alone.

import Glibc
import SQLite
import Testing
import Threads

@testable import Storage

@Suite struct RefreshSimulation {
  /// The seed to replay, or `count` others.
  private static func seeds(_ count: UInt64) -> [UInt64] {
    if let text = getenv("SIGNET_SEED"), let seed = UInt64(String(cString: text)) { return [seed] }
    return Array(1...count)
  }

  @Test func theDecisionHoldsItsInvariants() async throws {
    var kinds: Set<String> = []
    for seed in Self.seeds(4000) {
      let scenario = Scenario(seed: seed)
      var world = RefreshWorld(scenario, RowInMemory(scenario))
      try await world.play()
      kinds.formUnion(world.outcomes.map(\.kind))
    }
    guard getenv("SIGNET_SEED") == nil else { return }
    // Were the worlds too tame, they would show nothing.
    #expect(kinds.isSuperset(of: ["rotated", "ahead", "retried", "elsewhere", "reused"]))
    let refusals: [RefreshRefusal] = [.wrongClient, .scope, .revoked, .expired, .clock]
    #expect(kinds.isSuperset(of: refusals.map(\.rawValue)))
  }

  @Test func theStoreDoesWhatWasDecided() async throws {
    let place = try SQLitePlace()
    defer { place.remove() }
    let world = World(store: try place.openSQLite(), place: place)
    let user = try await world.addUser()
    for seed in Self.seeds(60) {
      let scenario = Scenario(seed: seed)
      let memory = RowInMemory(scenario)
      let new = NewSession(
        id: .unique(), userID: user, clientID: ClientRecord.builtIn, scope: "read", audience: "a", amr: "pwd",
        now: World.start, idleDeadline: try await memory.row().idleDeadline,
        absoluteDeadline: World.start + scenario.absolute, addressPrefix: 1, device: nil, address: "", userAgent: nil)
      try await world.login(new)
      var (expected, played) = (
        RefreshWorld(scenario, memory), RefreshWorld(scenario, StoredRow(store: world.store, place: place, id: new.id))
      )
      try await expected.play()
      try await played.play()
      #expect(played.outcomes == expected.outcomes, "seed \(seed)")
    }
  }
}

extension Outcome {
  fileprivate var kind: String {
    switch self {
    case .rotated: "rotated"
    case .ahead: "ahead"
    case .retried: "retried"
    case .elsewhere: "elsewhere"
    case .reused: "reused"
    case .refused(let refusal): refusal.rawValue
    }
  }
}

/// A row in memory, which does what the pure function decides.
private final class RowInMemory: Decider {
  private let state: Monitor<RefreshState>

  init(_ scenario: Scenario) {
    state = Monitor(
      RefreshState(
        clientID: ClientRecord.builtIn, scope: "read",
        idleDeadline: World.start + min(scenario.idle, scenario.absolute),
        absoluteDeadline: World.start + scenario.absolute, generation: 0, rotatedAt: World.start, rotatedFrom: 1))
  }

  func row() async throws -> RefreshState { state.withLock { $0 } }

  func restore(_ row: RefreshState) async throws { state.withLock { $0 = row } }

  func rotate(_ presented: PresentedRefresh, _ policy: RefreshPolicy) async throws -> Outcome {
    state.withLock { row in
      switch RefreshDecision.decide(row, presented, policy) {
      case .rotate(let ahead):
        row.generation = presented.generation + 1
        (row.rotatedAt, row.rotatedFrom, row.retriedElsewhere) = (presented.now, presented.addressPrefix, 0)
        row.idleDeadline = min(presented.now + policy.idleTTL, row.absoluteDeadline)
        return ahead ? .ahead(to: row.generation) : .rotated(to: row.generation)
      case .retry(let elsewhere):
        if elsewhere { row.retriedElsewhere += 1 }
        return elsewhere ? .elsewhere(row.generation) : .retried(row.generation)
      case .refuse(let refusal): return .refused(refusal)
      case .reuse:
        row.revoked = true
        return .reused(
          distance: Int(row.generation) - Int(presented.generation), age: presented.now - row.rotatedAt)
      }
    }
  }
}

/// A session of a store.
private struct StoredRow: Decider {
  let store: any Store
  let place: SQLitePlace
  let id: UniqueID

  func row() async throws -> RefreshState { RefreshState(try #require(await store.findSession(id))) }

  func rotate(_ presented: PresentedRefresh, _ policy: RefreshPolicy) async throws -> Outcome {
    Outcome(
      try await store.rotate(
        RotationRequest(session: id, presented: presented, policy: policy, context: World.context)))
  }

  func restore(_ row: RefreshState) async throws {
    let connection = try place.connect()
    try connection.statement(
      """
      UPDATE session SET generation = ?, rotated_at = ?, rotated_from = ?, retried_elsewhere = ?, idle_deadline = ?,
        revoked_at = ? WHERE id = ?
      """
    ).run(
      .integer(Int64(row.generation)), .integer(row.rotatedAt), .integer(row.rotatedFrom),
      .integer(Int64(row.retriedElsewhere)), .integer(row.idleDeadline), .optional(row.revoked ? 0 : nil), .id(id))
  }
}
