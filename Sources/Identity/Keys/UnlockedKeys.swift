// A store's keys with the master key that opens them: what every change of keys is made with. A ring is what serves
// requests; this is read anew for each change, and forgotten.

import JOSE
import JSON
import OpenSSL
package import Storage

/// What a symmetric key is for. Each purpose has keys of its own, so that a tag for one thing is never good for another.
enum Purpose: String, CaseIterable {
  case refreshToken = "refresh-token"
  case accessTokenID = "access-token-id"
  case deviceToken = "device-token"
  case publicKey = "public-key"
  /// Seals reference tokens.
  case referenceToken = "reference-token"
  /// Makes the nonces of DPoP (RFC 9449 section 8).
  case proofNonce = "proof-nonce"
}

/// The store's keys as they were read, and the master key.
package struct UnlockedKeys: Sendable {
  let store: any Store
  let source: MasterKeySource
  let master: MasterKey
  package let material: KeyMaterial
  let secrets: [Purpose: [UInt8: [UInt8]]]
  /// What opening did beyond reading, one sentence each, for the log.
  package private(set) var notes: [String] = []

  /// Opens the store's keys; finishes a change of the master key in the middle of which somebody was interrupted.
  /// - Parameter making: whether a store without keys gets a master key and symmetric keys; else it is an error.
  /// - Throws: `.masterKey(.wrong)` when the store's keys were wrapped with another one: never new keys in their place.
  package static func open(
    _ store: any Store, _ source: MasterKeySource, making: Bool, now: Int64
  ) async throws(KeyRingError) -> UnlockedKeys {
    var notes: [String] = []
    var failure = MasterKeyError.wrong
    // More than once, since somebody else may be changing the master key, or making the first keys, at this moment.
    for _ in 0..<5 {
      let material = try await KeyRingError.store { () throws(StoreError) in try await store.keyMaterial() }
      let isNew = material.secrets.isEmpty && material.keys.isEmpty
      if isNew, !making { throw .empty }
      let found: MasterKeyFound
      do throws(MasterKeyError) {
        found = isNew ? .current(try source.new(), note: nil) : try source.find(for: material)
      } catch {
        failure = error
        continue
      }
      switch found {
      case .current(let master, let note):
        notes += [note].compactMap { $0 }
        var keys = try UnlockedKeys(store, source, master, material)
        keys.notes = notes
        guard making, try await keys.makeSecrets(now) else { return keys }
      case .previous(let master, let next):
        let keys = try UnlockedKeys(store, source, master, material)
        if try await keys.rewrap(by: next, now: now) { notes.append("every key was wrapped by the new master key") }
      }
    }
    throw .masterKey(failure)
  }

  private init(
    _ store: any Store, _ source: MasterKeySource, _ master: MasterKey, _ material: KeyMaterial
  ) throws(KeyRingError) {
    var secrets: [Purpose: [UInt8: [UInt8]]] = [:]
    for record in material.secrets {
      guard let purpose = Purpose(rawValue: record.purpose) else { continue }
      do { secrets[purpose, default: [:]][record.id] = try master.unwrap(record) } catch {
        throw .masterKey(.altered("a \(record.purpose) key"))
      }
    }
    (self.store, self.source, self.master, self.material) = (store, source, master, material)
    self.secrets = secrets
  }

  /// The same, read again.
  func again(now: Int64) async throws(KeyRingError) -> UnlockedKeys {
    try await .open(store, source, making: false, now: now)
  }

  /// Makes a key for each purpose that lacks one, by an older version or because the store is new; false when none does.
  private func makeSecrets(_ now: Int64) async throws(KeyRingError) -> Bool {
    let missing = Purpose.allCases.filter { secrets[$0] == nil }
    guard !missing.isEmpty else { return false }
    var made: [SecretRecord] = []
    for purpose in missing { made.append(try makeSecret(purpose, 1, by: master).record) }
    let (records, anchor) = (made, self.anchor)
    try await KeyRingError.store { () throws(StoreError) in
      try await store.addSecrets(records, anchor: anchor, now: now)
    }
    return true
  }

  /// A new symmetric key and its wrapped form.
  func makeSecret(
    _ purpose: Purpose, _ id: UInt8, by master: MasterKey
  ) throws(KeyRingError) -> (key: [UInt8], record: SecretRecord) {
    let key = Random.bytes(32)
    do { return (key, try master.wrapSecret(key, purpose.rawValue, id)) } catch { throw .cryptography("\(error)") }
  }

  /// What a change names, so that nothing wrapped by this master key comes in after another has taken its place: the MAC key
  /// of stored public keys, as it stands wrapped. Nil in a store without keys.
  package var anchor: SecretRecord? {
    material.secrets.filter { $0.purpose == Purpose.publicKey.rawValue }.max { $0.id < $1.id }
  }

  /// The MAC key of stored public keys.
  func publicMACKey() throws(KeyRingError) -> [UInt8] {
    guard let id = anchor?.id, let key = secrets[.publicKey]?[id] else { throw .empty }
    return key
  }

  /// Wraps a client's MAC key for that client.
  package func wrapClientKey(_ key: [UInt8], clientID: String) throws(KeyRingError) -> ClientKeyRecord {
    do { return try master.wrapClientKey(key, clientID: clientID) } catch { throw .cryptography("\(error)") }
  }
}
