// A session (the refresh-token family of one login on one device) as the store keeps one.

/// A stored session. Times are milliseconds since 1970.
package struct SessionRecord: Sendable {
  package let id: UniqueID
  package let userID: UniqueID
  package let clientID: String
  /// Space-separated (RFC 6749 section 3.3); empty for none.
  package let scope: String
  package let audience: String
  /// RFC 8176 method names, space-separated.
  package let amr: String
  package let authTime: Int64
  package let createdAt: Int64
  package var idleDeadline: Int64
  package let absoluteDeadline: Int64
  package var generation: UInt32
  /// Access tokens of generations before this one are no longer good.
  package var validFrom: UInt32
  package var rotatedAt: Int64
  package var rotatedFrom: Int64
  /// The user's claims version when the current generation was made.
  package var claimsVersion: Int64
  package var retriedElsewhere: Int
  package let revokedAt: Int64?
  package let confirmation: [UInt8]?
  package let device: String?
  package let address: String
  package let userAgent: String?
  /// The client's own lifetimes; nil: as configured.
  package let clientAccessTTL: Int64?
  package let clientIdleTTL: Int64?
  /// Whether the client is registered for the grant refresh_token.
  package let clientMayRefresh: Bool
  /// Whether the client has to authenticate.
  package let clientIsConfidential: Bool
  /// Whether the client's tokens must be bound by DPoP, or to a certificate.
  package let clientRequiresDPoP: Bool
  package let clientRequiresMTLS: Bool
  /// Its place in the status lists; nil: its tokens name none.
  package var status: StatusPlace?

  /// Whether the session may still be refreshed at `now`.
  package func isLive(at now: Int64) -> Bool {
    revokedAt == nil && now < min(idleDeadline, absoluteDeadline)
  }
}

/// A session to be added by a login.
package struct NewSession: Sendable {
  package let id: UniqueID
  package let userID: UniqueID
  package let clientID: String
  package let scope: String
  package let audience: String
  package let amr: String
  /// Authentication, creation and first rotation: one moment.
  package let now: Int64
  package let idleDeadline: Int64
  package let absoluteDeadline: Int64
  package let addressPrefix: Int64
  package let confirmation: [UInt8]?
  package let device: String?
  package let address: String
  package let userAgent: String?
  /// Whether it gets a place in the status lists.
  package let hasStatus: Bool

  package init(
    id: UniqueID, userID: UniqueID, clientID: String, scope: String, audience: String, amr: String, now: Int64,
    idleDeadline: Int64, absoluteDeadline: Int64, addressPrefix: Int64, confirmation: [UInt8]? = nil, device: String?,
    address: String, userAgent: String?, hasStatus: Bool = false
  ) {
    self.id = id
    self.userID = userID
    self.clientID = clientID
    self.scope = scope
    self.audience = audience
    self.amr = amr
    self.now = now
    self.idleDeadline = idleDeadline
    self.absoluteDeadline = absoluteDeadline
    self.addressPrefix = addressPrefix
    self.confirmation = confirmation
    self.device = device
    self.address = address
    self.userAgent = userAgent
    self.hasStatus = hasStatus
  }
}

extension SessionRecord {
  /// The session as it begins, with a place that no store has given out yet.
  package init(_ new: NewSession, claimsVersion: Int64) {
    self.init(
      id: new.id, userID: new.userID, clientID: new.clientID, scope: new.scope, audience: new.audience, amr: new.amr,
      authTime: new.now, createdAt: new.now, idleDeadline: new.idleDeadline, absoluteDeadline: new.absoluteDeadline,
      generation: 0, validFrom: 0, rotatedAt: new.now, rotatedFrom: new.addressPrefix, claimsVersion: claimsVersion,
      retriedElsewhere: 0, revokedAt: nil, confirmation: new.confirmation, device: new.device, address: new.address,
      userAgent: new.userAgent, clientAccessTTL: nil, clientIdleTTL: nil, clientMayRefresh: true,
      clientIsConfidential: false, clientRequiresDPoP: false, clientRequiresMTLS: false,
      status: new.hasStatus ? .longest : nil)
  }
}

/// A session with the user it belongs to.
package struct SessionAndUser: Sendable {
  package var session: SessionRecord
  package let user: UserRecord

  package init(session: SessionRecord, user: UserRecord) {
    self.session = session
    self.user = user
  }
}

/// Why a session ended.
package enum RevocationReason: String, Sendable {
  case logout, reuse, password, limit, disabled, `operator`
  /// The keys that its tokens rest on were in wrong hands.
  case compromised
}
