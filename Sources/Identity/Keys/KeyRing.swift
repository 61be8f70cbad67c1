// Every key in use, unwrapped: a value that doesn't change. A change in the store makes a new ring, which is handed to
// each event loop.

package import JOSE
import OpenSSL
package import Storage

/// What a symmetric key is for. Each purpose has keys of its own, so that a tag for one thing is never good for another.
enum Purpose: String, CaseIterable {
  case refreshToken = "refresh-token"
  case accessTokenID = "access-token-id"
  case deviceToken = "device-token"
  case publicKey = "public-key"
}

/// The store's keys, unwrapped.
package struct KeyRing: Sendable {
  /// One signing key and its state.
  package struct Entry: Sendable {
    package let jwk: PublicJWK
    package let state: KeyState
    /// Milliseconds since 1970.
    package let createdAt: Int64
    package let activatedAt: Int64?
  }

  /// The store's epoch, part of every refresh token.
  package let epoch: UInt32
  /// Keys by purpose and id.
  let secrets: [Purpose: [UInt8: [UInt8]]]
  /// The active key of each algorithm that the issuer offers.
  package let signing: [SignatureAlgorithm: SigningKey]
  /// What a client's tokens are signed by when it chose nothing else; `signing` has a key for it.
  package let algorithm: SignatureAlgorithm
  /// The MAC keys that clients registered, by client_id.
  package let clientMACKeys: [String: [UInt8]]
  /// Every key, oldest first.
  package let entries: [Entry]

  /// The keys a verifier may find a token signed with, and that Signet itself accepts.
  package var published: [PublicJWK] { entries.filter { $0.state != .revoked }.map(\.jwk) }

  /// The newest key of a purpose, with its id.
  func newest(_ purpose: Purpose) -> (id: UInt8, key: [UInt8]) {
    let keys = secrets[purpose, default: [:]]
    let id = keys.keys.max() ?? 0
    return (id, keys[id, default: []])
  }

  /// MAC contexts for the keys of a purpose, by id; for one thread.
  func macs(_ purpose: Purpose) throws(OpenSSLError) -> [UInt8: HMACSHA256] {
    var macs: [UInt8: HMACSHA256] = [:]
    for (id, key) in secrets[purpose, default: [:]] { macs[id] = try HMACSHA256(key: key) }
    return macs
  }
}

/// Why the key ring can't be opened.
package enum KeyRingError: Error, Sendable, CustomStringConvertible {
  case masterKey(MasterKeyError)
  case store(StoreError)
  case cryptography(String)
  case algorithm(String)

  package var description: String {
    switch self {
    case .masterKey(let error): error.description
    case .store(let error): error.description
    case .cryptography(let why): why
    case .algorithm(let name):
      "algorithm \(name) of token.algorithms isn't supported; use "
        + SignatureAlgorithm.allCases.map(\.rawValue).joined(separator: ", ")
    }
  }
}

/// Where the master key comes from.
package enum MasterKeySource: Sendable {
  /// A file; made when the store holds no keys yet.
  case file(String)
  /// Given by the environment, in base64url.
  case value(String)
}

extension KeyRing {
  /// Opens the store's keys with the master key, making those that are missing.
  /// - Parameters:
  ///   - name: the algorithm of clients which chose none.
  ///   - names: every algorithm that the issuer offers; `name` is one of them whether it stands there or not.
  /// - Throws: `.masterKey(.wrong)` when the store's keys were wrapped with another one: never new keys in their place.
  package static func open(
    _ store: any Store, _ source: MasterKeySource, algorithm name: String, algorithms names: [String] = [], now: Int64
  ) async throws(KeyRingError) -> KeyRing {
    let algorithm = try offered(name)
    var offers = [algorithm]
    for name in names where name != algorithm.rawValue { offers.append(try offered(name)) }
    var material = try await load(store)
    let master = try masterKey(source, mayCreate: material.secrets.isEmpty && material.keys.isEmpty)
    var secrets = try unwrapSecrets(material, master)
    let missing = Purpose.allCases.filter { secrets[$0] == nil }
    if !missing.isEmpty {
      try await add(store, try make(missing, master), [], now)
      material = try await load(store)
      secrets = try unwrapSecrets(material, master)
    }
    guard let publicMAC = secrets[.publicKey]?[1] else { throw .masterKey(.wrong) }
    let made = try missingKeys(material, offers, master, publicMAC, now)
    if !made.isEmpty {
      try await add(store, [], made, now)
      material = try await load(store)
    }
    return try ring(material, secrets, publicMAC, master, offers)
  }

  private static func offered(_ name: String) throws(KeyRingError) -> SignatureAlgorithm {
    guard let algorithm = SignatureAlgorithm(rawValue: name) else { throw .algorithm(name) }
    return algorithm
  }

  /// An active and a pending key for each algorithm that lacks one: a pending key always stands in the JWK Set, so that
  /// verifiers know the next one before it signs.
  private static func missingKeys(
    _ material: KeyMaterial, _ offers: [SignatureAlgorithm], _ master: MasterKey, _ publicMAC: [UInt8], _ now: Int64
  ) throws(KeyRingError) -> [KeyRecord] {
    var made: [KeyRecord] = []
    for algorithm in offers {
      let states = material.keys.filter { $0.algorithm == algorithm.rawValue }.map(\.state)
      for state in [KeyState.active, .pending] where !states.contains(state) {
        made.append(try makeKey(algorithm, state, master, publicMAC, now))
      }
    }
    return made
  }

  private static func ring(
    _ material: KeyMaterial, _ secrets: [Purpose: [UInt8: [UInt8]]], _ publicMAC: [UInt8], _ master: MasterKey,
    _ offers: [SignatureAlgorithm]
  ) throws(KeyRingError) -> KeyRing {
    var entries: [Entry] = []
    var signing: [SignatureAlgorithm: SigningKey] = [:]
    for record in material.keys {
      let jwk = try publicKey(record, publicMAC)
      entries.append(
        Entry(jwk: jwk, state: record.state, createdAt: record.createdAt, activatedAt: record.activatedAt))
      if record.state == .active, offers.contains(jwk.algorithm) {
        signing[jwk.algorithm] = try privateKey(record, master)
      }
    }
    if let lacking = offers.first(where: { signing[$0] == nil }) {
      throw .cryptography("the store has no active \(lacking.rawValue) key; restore a backup")
    }
    return KeyRing(
      epoch: material.epoch, secrets: secrets, signing: signing, algorithm: offers[0],
      clientMACKeys: try unwrapClientKeys(material, master), entries: entries)
  }

  static func masterKey(_ source: MasterKeySource, mayCreate: Bool) throws(KeyRingError) -> MasterKey {
    do throws(MasterKeyError) {
      switch source {
      case .value(let text): return try MasterKey(base64url: text, from: "SIGNET_MASTER_KEY")
      case .file(let path): return mayCreate ? try MasterKey(fileOrNew: path) : try MasterKey(file: path)
      }
    } catch {
      throw .masterKey(error)
    }
  }
}
