// This server as others on the same store see it: that it lives, what it can do, by which keys it serves.
//
// Commands ask it whether a change of keys has arrived, and a key that not every server could verify isn't made.

import Identity
import JOSE
import OpenSSL
import Storage

/// This server's row among the nodes.
struct Node: Sendable {
  let id = UniqueID(random: Random.bytes(16))
  private let store: any Store
  private let issuer: String
  private let clock: Clock

  /// Milliseconds between two beats.
  static let interval: Int64 = 30_000

  init(_ store: any Store, issuer: String, _ clock: Clock) {
    (self.store, self.issuer, self.clock) = (store, issuer, clock)
  }

  /// Says that it lives.
  /// - Parameters:
  ///   - offered: the algorithms that it keeps keys for.
  ///   - keys: the mark of the keys it serves by.
  ///   - alone: whether no other server can be on this store.
  func beat(_ offered: [String], keys: String, alone: Bool = false) async throws(StoreError) {
    let row = NodeRecord(
      id: id, seenAt: clock.moment().now, issuer: issuer, able: KeyOffers.usable.map(\.rawValue), offered: offered,
      keys: keys)
    try await store.beat(row, alone: alone)
  }

  /// Says that it ends.
  func leave() async throws(StoreError) { try await store.leave(id) }
}
