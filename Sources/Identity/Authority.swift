// What the process has once: store, hashing pool, clock, and the latest snapshot of what changes seldom.
//
// Event loops never look in here while they serve: each has an `Issuer`, which adopts a new snapshot when one is
// published. So nothing on the request path is shared or locked.

package import Passwords
package import Storage
package import Telemetry
import Threads

/// What changes seldom: the operator's policy, the keys, the clients. A value; a change makes a new one.
package struct Snapshot: Sendable {
  package let policy: Policy
  package let ring: KeyRing
  package let clients: [String: ClientRecord]

  package init(policy: Policy, ring: KeyRing, clients: [ClientRecord]) {
    self.policy = policy
    self.ring = ring
    self.clients = Dictionary(clients.map { ($0.id, $0) }) { first, _ in first }
  }
}

/// The process's one authority over users and sessions.
package final class Authority: Sendable {
  package let store: any Store
  package let hashing: HashingPool
  package let clock: Clock
  package let metrics: Metrics
  private let state: Monitor<State>

  private struct State {
    var snapshot: Snapshot
    var subscribers: [@Sendable (Snapshot) -> Void] = []
    var probe: (at: Int64, failure: StoreError?)?
  }

  package init(store: any Store, hashing: HashingPool, clock: Clock, metrics: Metrics, snapshot: Snapshot) {
    self.store = store
    self.hashing = hashing
    self.clock = clock
    self.metrics = metrics
    state = Monitor(State(snapshot: snapshot))
  }

  /// The latest snapshot.
  package var snapshot: Snapshot { state.withLock { $0.snapshot } }

  /// Calls `subscriber` with every snapshot published from now on.
  package func subscribe(_ subscriber: @escaping @Sendable (Snapshot) -> Void) {
    state.withLock { $0.subscribers.append(subscriber) }
  }

  /// Hands a new snapshot to every event loop.
  package func publish(_ snapshot: Snapshot) {
    let subscribers = state.withLock { state in
      state.snapshot = snapshot
      return state.subscribers
    }
    for subscriber in subscribers { subscriber(snapshot) }
  }

  /// Whether the store answers a write; asked of the store at most once a second.
  package func storeFailure() async -> StoreError? {
    let now = clock.moment().now
    if let known = state.withLock({ $0.probe }), (0..<1000).contains(now - known.at) { return known.failure }
    var failure: StoreError?
    do { try await store.probe(now: now) } catch { failure = error }
    let result = failure
    state.withLock { $0.probe = (now, result) }
    return failure
  }
}
