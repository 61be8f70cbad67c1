// The servers on a store, and who reads what they publish.

/// A server as it tells of itself.
package struct NodeRecord: Sendable, Equatable {
  package let id: UniqueID
  /// Milliseconds since 1970.
  package let seenAt: Int64
  package let issuer: String
  /// JWS algorithms that its OpenSSL can do.
  package let able: [String]
  /// JWS algorithms that its configuration offers.
  package let offered: [String]
  /// A digest of the keys it serves by.
  package let keys: String

  package init(id: UniqueID, seenAt: Int64, issuer: String, able: [String], offered: [String], keys: String) {
    self.id = id
    self.seenAt = seenAt
    self.issuer = issuer
    self.able = able
    self.offered = offered
    self.keys = keys
  }

  /// A server which was not seen for this long has ended, in milliseconds: three beats.
  package static let patience: Int64 = 90_000

  /// Whether it is to be counted on; also when its clock, or ours, is ahead.
  package func isLive(at now: Int64) -> Bool { seenAt > now - Self.patience }
}

/// One fetch of the JWK Set.
package struct VerifierSighting: Sendable, Equatable {
  package let address: String
  /// What tells one party from another: IPv4 whole, IPv6 by its /64.
  package let prefix: Int64
  /// Without control characters, at most `userAgentLimit` bytes.
  package let userAgent: String
  /// Milliseconds since 1970.
  package let at: Int64

  /// Bytes of a user agent that are kept.
  package static let userAgentLimit = 200

  package init(address: String, prefix: Int64, userAgent: String, at: Int64) {
    self.address = address
    self.prefix = prefix
    self.userAgent = userAgent
    self.at = at
  }
}

/// Somebody who fetches the JWK Set. It informs an operator and decides nothing: anybody can pretend to be anybody.
package struct VerifierRecord: Sendable, Equatable {
  package let address: String
  package let userAgent: String
  /// Milliseconds since 1970.
  package let firstSeenAt: Int64
  package let lastSeenAt: Int64

  /// Rows that are kept; beyond, the one not seen for longest goes.
  package static let limit = 256
  /// Rows of one prefix, so that a single party can't drive out the others.
  package static let limitPerPrefix = 16
}
