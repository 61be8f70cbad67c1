// A change of the master key from its first check to its end. Everything that can be known to forbid it is found out before
// anything is changed; what fails all the same leaves each file that may open the store.

package import Storage

/// What a change of the master key has done.
package struct MasterKeyChange: Sendable {
  /// How many keys were wrapped anew, or revoked; 0 when the store was wrapped by the new one already.
  package let keys: Int
  /// Live sessions that were ended; nil when nothing was replaced.
  package let sessionsEnded: Int?
  /// Clients that had a MAC key and have to register another one.
  package let clients: [String]
}

/// A change of the master key that nothing is known to forbid.
package struct MasterKeyPlan: Sendable {
  /// The new key: one that the environment gives, or one that is still to be made in a file.
  private enum Next: Sendable {
    case given(MasterKey)
    case file(MasterKeyFile)
  }

  /// The store's keys as they are.
  package let keys: UnlockedKeys
  private let next: Next
  /// Where the master key comes from.
  private let source: MasterKeySource

  /// Whether the store is wrapped by the new key already: it is the environment's, and somebody else has done it.
  package var isDone: Bool {
    guard case .given(let next) = next else { return false }
    return next.isSame(as: keys.master)
  }

  /// Plans to give a store a new master key: in a file, a new one is made; with a previous one from the environment, it is
  /// the one that the source names instead. One at a time: the caller holds a lock until it is done.
  /// - Parameter replacing: whether every key is to be replaced, which the key in force can't wrap.
  /// - Throws: `.noNewMasterKey` when the environment names no other key than the one in use; `.masterKey(.irreplaceable)`
  ///   when the file can't be replaced; `.masterKey(.pending)` when an earlier new key can't take its place.
  package init(
    _ store: any Store, _ source: MasterKeySource, replacing: Bool, now: Int64
  ) async throws(KeyRingError) {
    self.source = source
    if source.file != nil {
      // Finishes what another attempt left in the middle; and what the environment's key wrapped, the file's wraps now.
      keys = try await .open(store, source, making: false, now: now)
      // Named anew: opening may have made it.
      guard let file = source.file else { throw .noNewMasterKey }
      do { try Self.prove(file, keys.master) } catch { throw .masterKey(error) }
      next = .file(file)
      return
    }
    let material = try await KeyRingError.store { () throws(StoreError) in try await store.keyMaterial() }
    guard !material.secrets.isEmpty else { throw .empty }
    let found: MasterKeyFound
    do { found = try source.find(for: material) } catch { throw .masterKey(error) }
    switch (found, source) {
    case (.previous(_, let new), .replacing(_, let previous)):
      // By the previous one alone, since opening with both wraps at once.
      keys = try await .open(store, .value(previous), making: false, now: now)
      next = .given(new)
    case (.current(let master, _), .replacing) where !replacing:
      keys = try await .open(store, source, making: false, now: now)
      next = .given(master)
    default: throw .noNewMasterKey
    }
  }

  /// Proves that the file holds the key which opens the store, and that a new one can take its place.
  private static func prove(_ file: MasterKeyFile, _ master: MasterKey) throws(MasterKeyError) {
    TemporaryKeyFile.removeAbandoned(beside: file.path)
    if (try? file.read())?.isSame(as: master) != true { try file.adoptNext(master) }
    try file.proveReplaceable(master)
  }

  /// Does it.
  /// - Parameter offers: what to make new keys for, when the old ones are in wrong hands; nil: every key stays, wrapped
  ///   anew.
  /// - Throws: `.masterKey(.pending)` when the store is wrapped by the new key, which can't take the old one's place.
  package func perform(replacing offers: KeyOffers?, _ act: KeyAct) async throws(KeyRingError) -> MasterKeyChange {
    switch next {
    case .given(let next):
      guard !isDone else {
        guard offers == nil else { throw .noNewMasterKey }
        return MasterKeyChange(keys: 0, sessionsEnded: nil, clients: [])
      }
      return try await change(to: next, offers, act)
    case .file(let file):
      let next: MasterKey
      do { next = try file.writeNext() } catch { throw .masterKey(error) }
      let done: MasterKeyChange
      do throws(KeyRingError) {
        done = try await change(to: next, offers, act)
      } catch {
        await discard(next, file, after: error)
        throw error
      }
      do { try file.adoptNext(next) } catch { throw .masterKey(error) }
      return done
    }
  }

  /// Removes a new key's file when it is certain that it will never open the store. A store that failed may turn out to have
  /// done what it was told; and what opened it before needn't lie in a file any more.
  private func discard(_ next: MasterKey, _ file: MasterKeyFile, after error: KeyRingError) async {
    if case .store = error { return }
    guard let now = try? await keys.store.keyMaterial(), !next.opens(now), let current = try? file.read(),
      current.opens(now)
    else { return }
    file.discardNext(next)
  }

  private func change(
    to next: MasterKey, _ offers: KeyOffers?, _ act: KeyAct
  ) async throws(KeyRingError) -> MasterKeyChange {
    var keys = keys
    for _ in 0..<10 {
      let clients = keys.material.clientKeys.map(\.clientID)
      if let offers {
        if let ended = try await keys.replace(by: next, offers, act) {
          return MasterKeyChange(keys: keys.material.keys.count, sessionsEnded: ended, clients: clients)
        }
      } else {
        // A server that was started with both keys may have come first.
        let wrapped = keys.master.isSame(as: next)
        if try await wrapped ? true : keys.rewrap(by: next, now: act.now, context: act.context) {
          return MasterKeyChange(keys: keys.material.wrapped.count, sessionsEnded: nil, clients: [])
        }
      }
      keys = try await .open(keys.store, source, making: false, now: act.now)
    }
    throw .contended
  }
}
