// Keys and clients from the store to what the event loops serve by.

import Identity
import Storage

/// Reads snapshots.
struct KeyReading: Sendable {
  private let store: any Store
  /// The master key of the start: one that came through the environment is nowhere else.
  let source: MasterKeySource
  private let upkeep: KeyUpkeep
  private let clock: Clock

  init(_ store: any Store, _ source: MasterKeySource, node: UniqueID, _ clock: Clock) {
    (self.store, self.source, self.clock) = (store, source, clock)
    upkeep = KeyUpkeep(store, source, node: node)
  }

  /// A snapshot, and what was done to the keys on the way.
  struct Outcome: Sendable {
    let snapshot: Snapshot
    let offers: KeyOffers
    /// One sentence each, for the log.
    let notes: [String]
  }

  /// A snapshot of the store's keys and clients under this policy. Throws `KeyRingError` or `StoreError`.
  func read(_ policy: Policy) async throws -> Outcome {
    let keys = try await upkeep.ring(policy, clock.moment())
    let snapshot = Snapshot(policy: policy, ring: keys.ring, clients: try await store.clients())
    return Outcome(snapshot: snapshot, offers: keys.offers, notes: keys.notes)
  }
}
