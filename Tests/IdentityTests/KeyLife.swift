// A store's keys on a clock that tests turn: read, looked at by the schedule, changed as the server would.

import Identity
import JOSE
import Storage
import Testing

/// A server's key ring without the server.
final class KeyLife {
  let world: World
  let time = FakeClock()
  let clock: Clock
  private(set) var schedule = KeySchedule()
  private(set) var ring: KeyRing
  var policy: Policy
  let node = UniqueID(high: 1, low: 1)

  static let hour: Int64 = 3_600_000
  static let day: Int64 = 24 * hour

  init(_ algorithms: [String] = ["ES256"], world: World? = nil) async throws {
    self.world = try world ?? World()
    clock = time.clock
    policy = .standard
    policy.algorithm = algorithms[0]
    policy.algorithms = algorithms
    ring = try await Self.read(self.world, node, policy, clock.moment())
    look()
  }

  private static func read(
    _ world: World, _ node: UniqueID, _ policy: Policy, _ moment: Clock.Moment
  ) async throws -> KeyRing {
    try await KeyUpkeep(world.store, .file(world.masterKeyPath), node: node).ring(policy, moment).ring
  }

  /// Reads the store again.
  func read() async throws {
    ring = try await Self.read(world, node, policy, clock.moment())
    look()
  }

  private func look() { schedule.observe(ring, now: clock.moment().now, elapsed: clock.elapsed) }

  /// Reads, and says that what was read is published.
  func publish() async throws {
    let new = ring.entries.filter { $0.publishedAt == nil }.map(\.jwk.kid)
    try await world.store.notePublished(new, now: clock.moment().now)
    try await read()
  }

  /// The server ends and another one starts.
  func restart() async throws {
    schedule = KeySchedule()
    try await read()
  }

  var due: [KeySchedule.Duty] {
    let moment = clock.moment()
    return schedule.due(policy.keys, isSettling: moment.isSettling, elapsed: clock.elapsed)
  }

  /// What is due, in a word each.
  var duties: [String] {
    due.map { duty in
      switch duty {
      case .promote(let algorithm, _, _): "promote \(algorithm)"
      case .delete: "delete"
      }
    }
  }

  func keys() async throws -> UnlockedKeys {
    try await .open(world.store, .file(world.masterKeyPath), making: false, now: clock.moment().now)
  }

  func act(reason: String? = nil) -> KeyAct {
    KeyAct(
      now: clock.moment().now, tokenLifetime: policy.accessTTL, reason: reason,
      context: RequestContext(actor: "operator"))
  }

  /// What comes next, by state.
  func plans() async throws -> [KeyState: KeyPlan] {
    let keys = try await keys().material.keys
    return Dictionary(keys.map { ($0.state, KeyPlan($0, among: keys, policy.keys)) }) { first, _ in first }
  }

  /// Changes keys as they are, and reads and publishes them.
  func change(_ make: (UnlockedKeys) throws -> KeyChange?) async throws {
    let keys = try await keys()
    let change = try #require(try make(keys))
    #expect(try await keys.perform(change))
    try await read()
    try await publish()
  }

  func rotate(_ algorithm: SignatureAlgorithm = .es256) async throws {
    try await change { try $0.promotion(of: algorithm, self.act()) }
  }

  /// The ids of the keys in a state, in the order in which they were made.
  func kids(_ state: KeyState, _ algorithm: SignatureAlgorithm = .es256) -> [String] {
    ring.entries.filter { $0.state == state && $0.jwk.algorithm == algorithm }.map(\.jwk.kid)
  }
}
