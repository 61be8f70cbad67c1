// When keys rotate and go, as the operator wants it.

/// The operator's decisions about signing keys. Durations are milliseconds.
package struct KeyPolicy: Sendable, Equatable {
  /// How old an active key gets before its successor takes over; 0: it doesn't by itself.
  package var rotateEvery: Int64
  /// How long a key stands in the JWK Set at least before it signs.
  package var publishBefore: Int64
  /// How long a retired key stays in the JWK Set at least.
  package var retireAfter: Int64

  package init(rotateEvery: Int64, publishBefore: Int64, retireAfter: Int64) {
    self.rotateEvery = rotateEvery
    self.publishBefore = publishBefore
    self.retireAfter = retireAfter
  }

  /// 30 days, a day, an hour.
  package static let standard = KeyPolicy(
    rotateEvery: 2_592_000_000, publishBefore: 86_400_000, retireAfter: 3_600_000)

  /// By how much clocks may differ, and a server may lag behind the store, in milliseconds.
  package static let leeway: Int64 = 60_000

  /// Seconds for which a verifier may keep the JWK Set: half of the time before a new key signs, so that who keeps to it
  /// always knows the key; five minutes at most, so that a revoked one is soon forgotten.
  package var maxAge: Int { Int(max(1, min(300, publishBefore / 2000))) }

  /// How long after it retired a key must stay, whose tokens lived so long.
  package func rest(tokenLifetime: Int64) -> Int64 { max(tokenLifetime + Self.leeway, retireAfter) }
}
