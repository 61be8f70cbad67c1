// What was ended before its access tokens expired, as the store keeps it.

/// A row of the denylist. Times are milliseconds since 1970.
package struct Denial: Sendable, Equatable {
  /// What is denied.
  package enum Subject: Sendable, Hashable {
    /// Every access token of a session; with a generation, only those of earlier ones: a session that goes on after a
    /// change of the password.
    case session(UniqueID, validFrom: UInt32?)
    /// One access token, by its `jti` (RFC 7519 section 4.1.7), 16 bytes.
    case token(UniqueID)
    /// Every token which the key of this `kid` has signed.
    case key(String)
  }

  /// Its place in the order of commits: rises, and is never used twice by one store epoch.
  package let sequence: Int64
  package let subject: Subject
  /// The audience of the tokens concerned; nil: all.
  package let audience: String?
  package let deniedAt: Int64
  /// When the last of these tokens has expired, for verifiers' leeway too.
  package let expiresAt: Int64

  package init(sequence: Int64, subject: Subject, audience: String?, deniedAt: Int64, expiresAt: Int64) {
    self.sequence = sequence
    self.subject = subject
    self.audience = audience
    self.deniedAt = deniedAt
    self.expiresAt = expiresAt
  }
}
