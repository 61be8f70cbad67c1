// When a stored key's next step is to be expected, for people; the schedule of the running server decides (KeySchedule.swift).

package import Storage

/// What comes next for a key.
package enum KeyPlan: Sendable, Equatable {
  /// A pending key takes over at this time, milliseconds since 1970, at the earliest.
  case signs(at: Int64)
  /// A pending key waits to be published by a server, or for a rotation that nobody has asked for.
  case waits
  /// An active key is replaced at this time.
  case rotates(at: Int64)
  /// An active key is replaced when somebody asks for it.
  case stays
  /// A retired key is deleted at this time.
  case goes(at: Int64)
  /// A revoked key is kept for the record.
  case none

  /// The plan for `key`, one of `keys`.
  package init(_ key: KeyRecord, among keys: [KeyRecord], _ policy: KeyPolicy) {
    func other(_ state: KeyState) -> KeyRecord? { keys.first { $0.algorithm == key.algorithm && $0.state == state } }
    switch key.state {
    case .pending:
      self = Self.rotation(other(.active), key, policy).map { .signs(at: $0) } ?? .waits
    case .active:
      self = Self.rotation(key, other(.pending), policy).map { .rotates(at: $0) } ?? .stays
    case .retired:
      self = .goes(at: (key.retiredAt ?? key.createdAt) + policy.rest(tokenLifetime: key.tokenLifetime))
    case .revoked: self = .none
    }
  }

  /// The time; nil when there is none.
  package var time: Int64? {
    switch self {
    case .signs(let time), .rotates(let time), .goes(let time): time
    case .waits, .stays, .none: nil
    }
  }

  private static func rotation(_ active: KeyRecord?, _ pending: KeyRecord?, _ policy: KeyPolicy) -> Int64? {
    guard let published = pending?.publishedAt else { return nil }
    let ready = published + policy.publishBefore
    guard let active else { return ready }
    if let asked = active.rotationRequestedAt { return max(asked, ready) }
    guard policy.rotateEvery > 0 else { return nil }
    return max((active.activatedAt ?? active.createdAt) + policy.rotateEvery, ready)
  }
}
