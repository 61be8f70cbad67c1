// What the audit trail says, and how its rows are chained.

/// Who asked, from where, in which request: the part of an audit row that every operation is given.
package struct RequestContext: Sendable {
  /// `user`, `operator`, or `system`.
  package let actor: String
  package let address: String?
  package let requestID: String?

  package init(actor: String, address: String? = nil, requestID: String? = nil) {
    self.actor = actor
    self.address = address
    self.requestID = requestID
  }
}

/// What happened, in one word each, as it stands in the audit trail.
package enum AuditEvent: String, Sendable {
  case login, logout, reuse, ahead, password, rehash
  case logoutAll = "logout_all"
  case retriedElsewhere = "retried_elsewhere"
  case sessionEnded = "session_ended"
  /// One access token is refused from now on (RFC 7009).
  case tokenRevoked = "token_revoked"
  case userAdded = "user_added"
  case userDisabled = "user_disabled"
  case userEnabled = "user_enabled"
  case userDeleted = "user_deleted"
  case clientAdded = "client_added"
  case clientChanged = "client_changed"
  case clientDeleted = "client_deleted"
  case keyCreated = "key_created"
  case keyActivated = "key_activated"
  case keyRetired = "key_retired"
  case keyRevoked = "key_revoked"
  /// A retired key whose last token has expired is gone.
  case keyDeleted = "key_deleted"
  /// A pending key whose algorithm is no longer offered is gone.
  case keyWithdrawn = "key_withdrawn"
  case keyRotationRequested = "key_rotation_requested"
  /// Its private part was given to an operator.
  case keyExported = "key_exported"
  /// A canary token was signed by it.
  case keyRehearsed = "key_rehearsed"
  /// Every key was wrapped by a new master key.
  case keysRewrapped = "keys_rewrapped"
  /// Every key was replaced.
  case keysReplaced = "keys_replaced"
}

/// One row of the audit trail.
package struct AuditRecord: Sendable {
  package let sequence: Int64
  /// Milliseconds since 1970.
  package let at: Int64
  package let event: String
  package let cause: String?
  package let actor: String
  package let userID: UniqueID?
  package let sessionID: UniqueID?
  package let clientID: String?
  package let address: String?
  package let requestID: String?
  package let detail: String?
  /// The digest of the row before; 32 zeros for the first.
  package let previous: [UInt8]
  package let digest: [UInt8]

  /// What the digest is computed over: the digest before, then every member with its length, so that no two rows share it.
  package var chained: [UInt8] {
    var bytes = previous
    func add(_ text: String?) {
      let utf8 = Array((text ?? "").utf8)
      withUnsafeBytes(of: Int32(text == nil ? -1 : utf8.count).bigEndian) { bytes.append(contentsOf: $0) }
      bytes += utf8
    }
    for member in [String(sequence), String(at), event] { add(member) }
    for member in [cause, actor, userID?.description, sessionID?.description] { add(member) }
    for member in [clientID, address, requestID, detail] { add(member) }
    return bytes
  }
}
