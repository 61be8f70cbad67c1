// What the process has once: store, hashing pool, clock, and the latest snapshot of what changes seldom.
//
// Event loops never look in here while they serve: each has an `Issuer`, which adopts a new snapshot when one is
// published. So nothing on the request path is shared or locked.

package import Passwords
import Proofs
package import Storage
package import Telemetry
import Threads

/// What changes seldom: the operator's policy, the keys, the clients. A value; a change makes a new one.
package struct Snapshot: Sendable {
  package let policy: Policy
  package let ring: KeyRing
  package let clients: [String: RegisteredClient]
  package let pages: PageOrigins

  package init(policy: Policy, ring: KeyRing, clients: [ClientRecord]) {
    self.policy = policy
    self.ring = ring
    self.clients = Dictionary(clients.map { ($0.id, RegisteredClient($0, ring)) }) { first, _ in first }
    pages = PageOrigins(self.clients.values, policy)
  }

  /// What an operator has to know of clients that get no tokens or aren't served as they are registered, by client_id.
  package var faults: [String] { clients.values.compactMap(\.fault).sorted() + pages.faults }
}

/// The process's one authority over users and sessions.
package final class Authority: Sendable {
  package let store: any Store
  package let hashing: HashingPool
  package let clock: Clock
  package let metrics: Metrics
  /// What is refused though it hasn't expired.
  package let denylist: Denylist
  package let statusLists: StatusLists
  /// Who fetches the JWK Set.
  package let sightings = Sightings()
  /// The DPoP proofs that were used, by any loop.
  let replays: Replays
  private let state: Monitor<State>

  fileprivate struct State {
    var snapshot: Snapshot
    var subscribers: [@Sendable (Snapshot) -> Void] = []
    /// The latest probe of the store, and when one began that hasn't ended, in milliseconds of `Clock.elapsed`.
    var probe: (at: Int64, failure: StoreError?)?
    var probing: Int64?
    var keyFailure: String?
    var reread: @Sendable () async -> Void = {}
  }

  package init(store: any Store, hashing: HashingPool, clock: Clock, metrics: Metrics, snapshot: Snapshot) {
    self.store = store
    self.hashing = hashing
    self.clock = clock
    self.metrics = metrics
    replays = Replays(now: clock.moment().now)
    denylist = Denylist(store, metrics)
    statusLists = StatusLists(store, denylist)
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

  /// Sets what reads keys and clients again and publishes them.
  package func rereads(by body: @escaping @Sendable () async -> Void) { state.withLock { $0.reread = body } }

  /// Lets every event loop serve by what this process has changed in the store; done when they do.
  package func reread() async { await state.withLock { $0.reread }() }

  /// Why there is no key to sign with, as far as the store goes; nil when there is one.
  package var keyFailure: String? {
    get { state.withLock { $0.keyFailure } }
    set { state.withLock { $0.keyFailure = newValue } }
  }

  /// Whether the store answers a write; asked of the store at most once a second, however many strangers ask. One that
  /// hasn't answered for a second is busy.
  package func storeFailure() async -> StoreError? {
    let now = clock.elapsed
    if let known = state.withLock({ $0.known(at: now) }) { return known }
    var failure: StoreError?
    do { try await store.probe(now: clock.moment().now) } catch { failure = error }
    let result = failure
    state.withLock { state in
      state.probe = (now, result)
      state.probing = nil
    }
    return failure
  }
}

extension Authority.State {
  /// What is known without asking the store: nil when the caller is to ask.
  fileprivate mutating func known(at now: Int64) -> StoreError?? {
    if let probing, let probe { return .some(now - probing < 1000 ? probe.failure : .busy) }
    if let probe, now - probe.at < 1000 { return .some(probe.failure) }
    probing = now
    return nil
  }
}
