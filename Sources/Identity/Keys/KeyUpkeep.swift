// What a serving node sees to whenever it reads the keys: that there is one for each algorithm that is needed and none for one
// that isn't, and that each active key is known to sign tokens which live as long as they do.

import JOSE
package import Storage

/// Keeps the store's keys as a server needs them.
package struct KeyUpkeep: Sendable {
  private let store: any Store
  private let source: MasterKeySource
  /// This server's own row among the nodes.
  private let node: UniqueID

  package init(_ store: any Store, _ source: MasterKeySource, node: UniqueID) {
    (self.store, self.source, self.node) = (store, source, node)
  }

  /// What a reading gave.
  package struct Outcome: Sendable {
    package let ring: KeyRing
    /// What there are keys for.
    package let offers: KeyOffers
    /// What was done, one sentence each, for the log.
    package let notes: [String]
  }

  /// Reads the keys, and changes what has to be changed for them to be right.
  /// - Throws: `.noActiveKey` when there is none to sign with and none can be made.
  package func ring(_ policy: Policy, _ moment: Clock.Moment) async throws(KeyRingError) -> Outcome {
    let configured = try KeyOffers(algorithm: policy.algorithm, algorithms: policy.algorithms)
    var keys = try await UnlockedKeys.open(store, source, making: true, now: moment.now)
    var notes = keys.notes
    for _ in 0..<8 {
      let nodes = try await KeyRingError.store { () throws(StoreError) in try await store.nodes() }
        .filter { $0.isLive(at: moment.now) }
      let offers = configured.needed(keys.material.demand, nodes)
      let act = Self.act(policy, keys.material.demand, moment)
      keys = try await completed(keys, offers, act)
      // Not while the clock may be wrong about who lives.
      if !moment.isSettling, let done = try await withdraw(keys, offers, nodes, act) {
        notes += done
        keys = try await keys.again(now: moment.now)
        continue
      }
      if try await raise(keys, offers, act.tokenLifetime) {
        return Outcome(ring: try keys.ring(offers), offers: offers, notes: notes)
      }
      keys = try await keys.again(now: moment.now)
    }
    throw .contended
  }

  /// The longest life of a token under this policy and the clients' own, in milliseconds.
  package static func act(_ policy: Policy, _ demand: KeyDemand, _ moment: Clock.Moment) -> KeyAct {
    KeyAct(
      now: moment.now, tokenLifetime: max(policy.accessTTL, demand.accessTTL ?? 0),
      context: RequestContext(actor: "system"))
  }

  private func completed(
    _ keys: UnlockedKeys, _ offers: KeyOffers, _ act: KeyAct
  ) async throws(KeyRingError) -> UnlockedKeys {
    do { return try await keys.completed(offers, act) } catch {
      // Why none can be made matters less than that there is none.
      guard case .store = error, keys.key(offers.standard.rawValue, .active) == nil, !keys.material.keys.isEmpty else {
        throw error
      }
      throw .noActiveKey(offers.standard.rawValue)
    }
  }

  /// Retires and removes the keys of algorithms that nobody needs; nil when there are none.
  private func withdraw(
    _ keys: UnlockedKeys, _ offers: KeyOffers, _ nodes: [NodeRecord], _ act: KeyAct
  ) async throws(KeyRingError) -> [String]? {
    var done: [String]?
    for name in offers.unneeded(keys.material.keys, nodes.filter { $0.id != node }) {
      guard let change = try keys.withdrawal(of: name, act) else { continue }
      if try await keys.perform(change) { done = (done ?? []) + ["\(name) is offered no longer: its key retires"] }
    }
    return done
  }

  /// Notes the longest life of tokens with the keys that will sign them; false when the keys must be read again.
  private func raise(
    _ keys: UnlockedKeys, _ offers: KeyOffers, _ lifetime: Int64
  ) async throws(KeyRingError) -> Bool {
    let low = offers.algorithms.compactMap { keys.key($0.rawValue, .active) }
      .filter { $0.tokenLifetime < lifetime }.map(\.kid)
    guard !low.isEmpty else { return true }
    // The keys are read again whether it could be noted or not: the ring is to have what the store has.
    _ = try await KeyRingError.store { () throws(StoreError) in
      try await store.raiseTokenLifetime(of: low, to: lifetime)
    }
    return false
  }
}
