// Changes of keys as the store is given them: ready-made, with the state in which every key concerned must still be.
//
// Whoever asks for a change has read the store before, made keys and computed MACs; meanwhile another process may have done the
// same. So each change names what it rests on, and the store does all of it or nothing.

/// One key's way from a state to the next.
package struct KeyStep: Sendable, Equatable {
  /// Where a step leads.
  package enum Move: Sendable {
    case activate, retire, revoke
    /// The row goes.
    case delete

    /// The state after it; nil when the key is gone.
    package var state: KeyState? {
      switch self {
      case .activate: .active
      case .retire: .retired
      case .revoke: .revoked
      case .delete: nil
      }
    }
  }

  package let kid: String
  /// The state in which the key must still be.
  package let from: KeyState
  package let move: Move
  /// The MAC over the key in its new state.
  package let publicMAC: [UInt8]

  package init(_ kid: String, from: KeyState, _ move: Move, publicMAC: [UInt8] = []) {
    self.kid = kid
    self.from = from
    self.move = move
    self.publicMAC = publicMAC
  }

  /// What the audit trail calls it.
  var event: AuditEvent {
    switch move {
    case .activate: .keyActivated
    case .retire: .keyRetired
    case .revoke: .keyRevoked
    case .delete: from == .retired ? .keyDeleted : .keyWithdrawn
    }
  }
}

/// Steps that belong together, with the keys that come in new.
///
/// The private part of a key that retires or is revoked is wiped. The steps are audited one by one.
package struct KeyChange: Sendable {
  /// The wrapped MAC key of stored public keys, as whoever asks has read it. When it stands otherwise by now, the master key was
  /// replaced, and what was wrapped by the old one must not come in.
  package let anchor: SecretRecord
  package var steps: [KeyStep]
  /// Keys to add, each pending or active.
  package var added: [KeyRecord]
  /// The longest life of the tokens which keys that become active will sign, in milliseconds.
  package let tokenLifetime: Int64
  /// Why, in an operator's words: kept with keys that are revoked, and in the audit trail.
  package let reason: String?
  package let now: Int64
  package let context: RequestContext

  package init(
    anchor: SecretRecord, steps: [KeyStep] = [], added: [KeyRecord] = [], tokenLifetime: Int64, reason: String? = nil,
    now: Int64, context: RequestContext
  ) {
    self.anchor = anchor
    self.steps = steps
    self.added = added
    self.tokenLifetime = tokenLifetime
    self.reason = reason
    self.now = now
    self.context = context
  }

  /// Whether every step begins where its key is, no key is added twice, and no algorithm would have two active or two
  /// pending keys afterwards.
  package func fits(_ keys: [KeyPlace]) -> Bool {
    var places = Dictionary(keys.map { ($0.kid, $0) }) { first, _ in first }
    for step in steps {
      guard let place = places[step.kid], place.state == step.from else { return false }
      places[step.kid] = step.move.state.map { KeyPlace(kid: step.kid, algorithm: place.algorithm, state: $0) }
    }
    for key in added {
      guard places[key.kid] == nil else { return false }
      places[key.kid] = KeyPlace(kid: key.kid, algorithm: key.algorithm, state: key.state)
    }
    var taken: Set<String> = []
    return places.values.allSatisfy { place in
      place.state != .active && place.state != .pending
        || taken.insert("\(place.state.rawValue) \(place.algorithm)").inserted
    }
  }

  /// The steps in an order in which an active key makes room before the next one takes its place.
  var ordered: [KeyStep] { steps.filter { $0.move != .activate } + steps.filter { $0.move == .activate } }
}

/// Which key is in which state.
package struct KeyPlace: Sendable, Equatable {
  package let kid: String
  package let algorithm: String
  package let state: KeyState

  package init(kid: String, algorithm: String, state: KeyState) {
    self.kid = kid
    self.algorithm = algorithm
    self.state = state
  }
}

/// A signing key's private part, wrapped.
package struct PrivateKeyRecord: Sendable, Equatable {
  package let kid: String
  package let wrapped: [UInt8]

  package init(kid: String, wrapped: [UInt8]) {
    self.kid = kid
    self.wrapped = wrapped
  }
}

/// Everything that one master key has wrapped.
package struct WrappedKeys: Sendable, Equatable {
  package var secrets: [SecretRecord]
  package var privateKeys: [PrivateKeyRecord]
  package var clientKeys: [ClientKeyRecord]

  package init(secrets: [SecretRecord], privateKeys: [PrivateKeyRecord], clientKeys: [ClientKeyRecord]) {
    self.secrets = secrets
    self.privateKeys = privateKeys
    self.clientKeys = clientKeys
  }

  /// How many keys that are.
  package var count: Int { secrets.count + privateKeys.count + clientKeys.count }
}

/// New keys in the place of all: what follows when the master key, and with it every key, is in wrong hands.
package struct KeyReplacement: Sendable {
  /// What the store must still hold.
  package let expected: KeyMaterial
  /// Instead of every symmetric key.
  package let secrets: [SecretRecord]
  /// For every signing key there is: it is revoked.
  package let revoked: [KeyStep]
  package let added: [KeyRecord]
  package let reason: String?
  package let now: Int64
  package let context: RequestContext

  package init(
    expected: KeyMaterial, secrets: [SecretRecord], revoked: [KeyStep], added: [KeyRecord], reason: String?,
    now: Int64, context: RequestContext
  ) {
    self.expected = expected
    self.secrets = secrets
    self.revoked = revoked
    self.added = added
    self.reason = reason
    self.now = now
    self.context = context
  }
}
