// Every key in use, unwrapped: a value that doesn't change. A change in the store makes a new ring, which is handed to
// each event loop.

package import JOSE
package import JSON
import OpenSSL
package import Storage

/// The store's keys, unwrapped.
package struct KeyRing: Sendable {
  /// One signing key's public part and its state. Times are milliseconds since 1970.
  package struct Entry: Sendable {
    package let jwk: PublicJWK
    package let state: KeyState
    package let createdAt: Int64
    package let activatedAt: Int64?
    package let publishedAt: Int64?
    package let retiredAt: Int64?
    /// When an operator asked for its successor.
    package let rotationRequestedAt: Int64?
    /// The longest life of the tokens it signed, in milliseconds.
    package let tokenLifetime: Int64

    init(_ jwk: PublicJWK, _ record: KeyRecord) {
      (self.jwk, state) = (jwk, record.state)
      (createdAt, activatedAt, publishedAt) = (record.createdAt, record.activatedAt, record.publishedAt)
      (retiredAt, rotationRequestedAt) = (record.retiredAt, record.rotationRequestedAt)
      tokenLifetime = record.tokenLifetime
    }
  }

  /// The store's epoch, part of every refresh token.
  package let epoch: UInt32
  /// Keys by purpose and id.
  let secrets: [Purpose: [UInt8: [UInt8]]]
  /// The active key of each algorithm that the issuer has keys for.
  package let signing: [SignatureAlgorithm: SigningKey]
  /// What a client's tokens are signed by when it chose nothing else; `signing` has a key for it.
  package let algorithm: SignatureAlgorithm
  /// The MAC keys that clients registered, by client_id.
  package let clientMACKeys: [String: [UInt8]]
  /// Every key whose algorithm this program can do, oldest first.
  package let entries: [Entry]
  /// The other servers' keys, for algorithms that this program can't do: published as they stand, used by nobody here.
  package let foreign: [JSONValue]
  /// A digest of which keys are published, and in which state: two servers with the same serve by the same keys.
  package let mark: String

  /// The keys a verifier may find a token signed with, and that Signet itself accepts: those that sign first, since some
  /// verifiers take the first that fits, then those that will sign, then those that did.
  package var published: [PublicJWK] {
    let keys = Self.published(entries)
    return keys.filter { $0.kid == signing[algorithm]?.kid } + keys.filter { $0.kid != signing[algorithm]?.kid }
  }

  /// The published ones of these, in the order in which they are published.
  static func published(_ entries: [Entry]) -> [PublicJWK] {
    [KeyState.active, .pending, .retired].flatMap { state in entries.filter { $0.state == state }.map(\.jwk) }
  }

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

  /// The mark of stored keys.
  package static func mark(of keys: [KeyRecord]) -> String {
    let lines = keys.filter { $0.state != .revoked }.map { "\($0.kid) \($0.state.rawValue)\n" }
    return Fingerprint.text(of: Array(lines.sorted().joined().utf8))
  }
}

extension UnlockedKeys {
  /// The same with a key made for each algorithm and state that lacks one.
  func completed(_ offers: KeyOffers, _ act: KeyAct) async throws(KeyRingError) -> UnlockedKeys {
    var keys = self
    for _ in 0..<8 {
      guard let change = try keys.completion(offers.algorithms, act) else { return keys }
      // Whoever came first made them.
      _ = try await perform(change)
      keys = try await keys.again(now: act.now)
    }
    throw .contended
  }

  /// The ring of what was read.
  /// - Throws: `.noActiveKey` when there is none to sign with for clients which chose nothing.
  package func ring(_ offers: KeyOffers) throws(KeyRingError) -> KeyRing {
    let (entries, foreign) = try readable()
    var signing: [SignatureAlgorithm: SigningKey] = [:]
    for algorithm in offers.algorithms {
      if let record = key(algorithm.rawValue, .active) { signing[algorithm] = try signingKey(record) }
    }
    guard signing[offers.standard] != nil else { throw .noActiveKey(offers.standard.rawValue) }
    return KeyRing(
      epoch: material.epoch, secrets: secrets, signing: signing, algorithm: offers.standard,
      clientMACKeys: try clientMACKeys(), entries: entries, foreign: foreign, mark: KeyRing.mark(of: material.keys))
  }

  /// The keys that verify tokens, in the order in which they are published.
  package func published() throws(KeyRingError) -> [PublicJWK] { KeyRing.published(try readable().entries) }

  /// Every key whose algorithm this program can do, and the published ones of those it can't.
  private func readable() throws(KeyRingError) -> (entries: [KeyRing.Entry], foreign: [JSONValue]) {
    var entries: [KeyRing.Entry] = []
    var foreign: [JSONValue] = []
    for record in material.keys {
      let document = try document(record)
      if SignatureAlgorithm.usable(record.algorithm) == nil {
        if record.state != .revoked { foreign.append(document) }
        continue
      }
      do { entries.append(KeyRing.Entry(try PublicJWK(document), record)) } catch { throw Self.altered(record) }
    }
    return (entries, foreign)
  }

  private func clientMACKeys() throws(KeyRingError) -> [String: [UInt8]] {
    var keys: [String: [UInt8]] = [:]
    for record in material.clientKeys {
      do { keys[record.clientID] = try master.unwrap(record) } catch { throw .masterKey(error) }
    }
    return keys
  }
}
