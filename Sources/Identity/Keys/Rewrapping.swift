// A new master key: everything that the old one wrapped is wrapped anew, so that nobody notices; or, when the old one is in
// wrong hands, everything is replaced, so that everybody does.

import JOSE
import OpenSSL
import Storage

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
