// A new master key: everything that the old one wrapped is wrapped anew, so that nobody notices; or, when the old one is in
// wrong hands, everything is replaced, so that everybody does.

import JOSE
import OpenSSL
package import Storage

extension UnlockedKeys {
  /// Wraps every key by another master key; false when the store's keys changed since they were read.
  func rewrap(
    by next: MasterKey, now: Int64, context: RequestContext = RequestContext(actor: "system")
  ) async throws(KeyRingError) -> Bool {
    let (old, new) = (material.wrapped, try wrapped(by: next))
    return try await KeyRingError.store { () throws(StoreError) in
      try await store.rewrap(from: old, to: new, now: now, context: context)
    }
  }

  private func wrapped(by next: MasterKey) throws(KeyRingError) -> WrappedKeys {
    do {
      return WrappedKeys(
        secrets: try material.secrets.map { record in
          var key = try master.unwrap(record)
          defer { wipe(&key) }
          return try next.wrapSecret(key, record.purpose, record.id)
        },
        privateKeys: try material.wrapped.privateKeys.map { record in
          var key = try master.unwrap(record)
          defer { wipe(&key) }
          return try next.wrapPrivate(key, kid: record.kid)
        },
        clientKeys: try material.clientKeys.map { record in
          var key = try master.unwrap(record)
          defer { wipe(&key) }
          return try next.wrapClientKey(key, clientID: record.clientID)
        })
    } catch let error as MasterKeyError {
      throw .masterKey(error)
    } catch {
      throw .cryptography("\(error)")
    }
  }

  /// Replaces every key under another master key, and ends every session: how many were live, or nil when the store's keys
  /// changed since they were read.
  func replace(by next: MasterKey, _ offers: KeyOffers, _ act: KeyAct) async throws(KeyRingError) -> Int? {
    var secrets: [SecretRecord] = []
    var macKey: [UInt8] = []
    for purpose in Purpose.allCases {
      // Another number than before: what bears the old one is refused by that alone.
      let used = self.secrets[purpose, default: [:]].keys.max() ?? 0
      let made = try makeSecret(purpose, used == .max ? 1 : used + 1, by: next)
      secrets.append(made.record)
      if purpose == .publicKey { macKey = made.key }
    }
    var revoked: [KeyStep] = []
    for key in material.keys { revoked.append(try Self.step(key, .revoke, macKey)) }
    var added: [KeyRecord] = []
    for algorithm in offers.needed(material.demand, []).algorithms {
      for state in [KeyState.active, .pending] {
        added.append(try Self.makeKey(algorithm, state, act, by: next, macKey))
      }
    }
    let replacement = KeyReplacement(
      expected: material, secrets: secrets, revoked: revoked, added: added, reason: act.reason, now: act.now,
      context: act.context)
    return try await KeyRingError.store { () throws(StoreError) in try await store.replaceKeys(replacement) }
  }
}

/// What a change of the master key has done.
package struct MasterKeyChange: Sendable {
  /// How many keys were wrapped anew, or revoked; 0 when the store was wrapped by the new one already.
  package let keys: Int
  /// Live sessions that were ended; nil when nothing was replaced.
  package let sessionsEnded: Int?
  /// Clients that had a MAC key and have to register another one.
  package let clients: [String]
}

extension UnlockedKeys {
  /// Gives a store a new master key: in a file, a new one is made; with a previous one from the environment, it is what the
  /// source names instead. One at a time: the caller holds a lock.
  /// - Parameter offers: what to make new keys for, when the old ones are in wrong hands; nil: every key stays, wrapped
  ///   anew.
  /// - Throws: `.noNewMasterKey` when the environment names no other key than the one in use.
  package static func changeMasterKey(
    _ store: any Store, _ source: MasterKeySource, replacing offers: KeyOffers?, _ act: KeyAct
  ) async throws(KeyRingError) -> MasterKeyChange {
    switch source {
    case .file(let path): return try await changeFile(MasterKeyFile(path), store, source, offers, act)
    case .value: throw .noNewMasterKey
    case .replacing:
      // Opening wraps by the new one what the previous one had wrapped.
      let keys = try await open(store, source, making: false, now: act.now)
      if offers != nil { return try await change(keys, to: keys.master, offers, act) }
      return MasterKeyChange(
        keys: keys.notes.isEmpty ? 0 : keys.material.wrapped.count, sessionsEnded: nil, clients: [])
    }
  }

  private static func changeFile(
    _ file: MasterKeyFile, _ store: any Store, _ source: MasterKeySource, _ offers: KeyOffers?, _ act: KeyAct
  ) async throws(KeyRingError) -> MasterKeyChange {
    // Finishes what another attempt left in the middle.
    let keys = try await open(store, source, making: false, now: act.now)
    let next: MasterKey
    do { next = try file.writeNext() } catch { throw .masterKey(error) }
    let done: MasterKeyChange
    do throws(KeyRingError) {
      done = try await change(keys, to: next, offers, act)
    } catch {
      // When the store can't tell what became of it, the new key must stay: one of the two opens the store.
      if let now = try? await store.keyMaterial(), keys.master.opens(now) { file.discardNext() }
      throw error
    }
    do { try file.adoptNext() } catch { throw .masterKey(error) }
    return done
  }

  private static func change(
    _ keys: UnlockedKeys, to next: MasterKey, _ offers: KeyOffers?, _ act: KeyAct
  ) async throws(KeyRingError) -> MasterKeyChange {
    var keys = keys
    for _ in 0..<10 {
      let clients = keys.material.clientKeys.map(\.clientID)
      if let offers {
        if let ended = try await keys.replace(by: next, offers, act) {
          return MasterKeyChange(keys: keys.material.keys.count, sessionsEnded: ended, clients: clients)
        }
      } else if try await keys.rewrap(by: next, now: act.now, context: act.context) {
        return MasterKeyChange(keys: keys.material.wrapped.count, sessionsEnded: nil, clients: [])
      }
      keys = try await keys.again(now: act.now)
    }
    throw .contended
  }
}
