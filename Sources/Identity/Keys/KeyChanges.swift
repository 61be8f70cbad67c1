// The changes that a signing key goes through, made ready for the store from what was read of it.
//
//   pending -> active -> retired -> gone;  each of them -> revoked
//
// The store does such a change only while every key concerned is still where it was read.

package import JOSE
import OpenSSL
package import Storage

/// Who changes keys, when and why.
package struct KeyAct: Sendable {
  /// Milliseconds since 1970.
  package let now: Int64
  /// The longest life of the access tokens that will be signed, in milliseconds.
  package let tokenLifetime: Int64
  /// An operator's words.
  package let reason: String?
  package let context: RequestContext

  package init(now: Int64, tokenLifetime: Int64, reason: String? = nil, context: RequestContext) {
    self.now = now
    self.tokenLifetime = tokenLifetime
    self.reason = reason
    self.context = context
  }
}

extension UnlockedKeys {
  /// The key of an algorithm in a state of which there is one at most.
  package func key(_ algorithm: String, _ state: KeyState) -> KeyRecord? {
    material.keys.first { $0.algorithm == algorithm && $0.state == state }
  }

  /// The pending key signs, the active one retires, a new one is pending.
  package func promotion(of algorithm: SignatureAlgorithm, _ act: KeyAct) throws(KeyRingError) -> KeyChange {
    guard let next = key(algorithm.rawValue, .pending) else { throw .noPendingKey(algorithm.rawValue) }
    var change = try change(act)
    change.steps = [try step(next, .activate)]
    if let active = key(algorithm.rawValue, .active) { change.steps.append(try step(active, .retire)) }
    change.added = [try makeKey(algorithm, .pending, act)]
    return change
  }

  /// The key is gone from the JWK Set at once. The pending one takes an active one's place; when the keys are in wrong
  /// hands, so may be the pending one, and both are replaced.
  /// - Throws: `.unknownKey`, `.revokedAlready`.
  package func revocation(of kid: String, compromised: Bool, _ act: KeyAct) throws(KeyRingError) -> KeyChange {
    guard let key = material.keys.first(where: { $0.kid == kid }) else { throw .unknownKey(kid) }
    guard key.state != .revoked else { throw .revokedAlready(kid) }
    var change = try change(act)
    change.steps = [try step(key, .revoke)]
    let (active, pending) = (self.key(key.algorithm, .active), self.key(key.algorithm, .pending))
    if compromised {
      for other in [active, pending].compactMap({ $0 }) where other.kid != kid {
        change.steps.append(try step(other, .revoke))
      }
      guard active != nil || pending != nil else { return change }
      let algorithm = try Self.algorithm(key.algorithm)
      change.added = [try makeKey(algorithm, .active, act), try makeKey(algorithm, .pending, act)]
    } else if key.state == .active || key.state == .pending {
      let algorithm = try Self.algorithm(key.algorithm)
      if key.state == .active, let pending { change.steps.append(try step(pending, .activate)) }
      if key.state == .active, pending == nil { change.added.append(try makeKey(algorithm, .active, act)) }
      change.added.append(try makeKey(algorithm, .pending, act))
    }
    return change
  }

  /// An algorithm is no longer offered: its active key retires, its pending one is gone. Nil when it has neither.
  func withdrawal(of algorithm: String, _ act: KeyAct) throws(KeyRingError) -> KeyChange? {
    var change = try change(act)
    if let active = key(algorithm, .active) { change.steps.append(try step(active, .retire)) }
    if let pending = key(algorithm, .pending) { change.steps.append(try step(pending, .delete)) }
    return change.steps.isEmpty ? nil : change
  }

  /// A retired key whose last token has expired is gone.
  package func deletion(of kid: String, _ act: KeyAct) throws(KeyRingError) -> KeyChange? {
    guard let key = material.keys.first(where: { $0.kid == kid && $0.state == .retired }) else { return nil }
    var change = try change(act)
    change.steps = [try step(key, .delete)]
    return change
  }

  /// An active and a pending key for each algorithm that lacks one: a pending key always stands in the JWK Set, so that
  /// verifiers know the next one before it signs. Nil when none is lacking.
  func completion(_ offers: [SignatureAlgorithm], _ act: KeyAct) throws(KeyRingError) -> KeyChange? {
    var change = try change(act)
    for algorithm in offers {
      for state in [KeyState.active, .pending] where key(algorithm.rawValue, state) == nil {
        change.added.append(try makeKey(algorithm, state, act))
      }
    }
    return change.added.isEmpty ? nil : change
  }

  private func change(_ act: KeyAct) throws(KeyRingError) -> KeyChange {
    guard let anchor else { throw .empty }
    return KeyChange(
      anchor: anchor, tokenLifetime: act.tokenLifetime, reason: act.reason, now: act.now, context: act.context)
  }

  static func algorithm(_ name: String) throws(KeyRingError) -> SignatureAlgorithm {
    guard let algorithm = SignatureAlgorithm.usable(name) else { throw .algorithm(name) }
    return algorithm
  }

  /// Does a change; false when another process was first, and the keys must be read again.
  package func perform(_ change: KeyChange) async throws(KeyRingError) -> Bool {
    try await KeyRingError.store { () throws(StoreError) in try await store.changeKeys(change) }
  }
}
