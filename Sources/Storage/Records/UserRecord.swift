// A user as the store keeps one.

/// A stored user. Times are milliseconds since 1970.
package struct UserRecord: Sendable {
  package let id: UniqueID
  package let username: String
  package let email: String?
  package let emailVerified: Bool
  /// A PHC string; nil for a user who can't log in with a password.
  package let passwordHash: String?
  /// A JSON array of strings.
  package let roles: String
  package let claimsVersion: Int64
  package let disabledAt: Int64?
  package let createdAt: Int64

  package init(
    id: UniqueID, username: String, email: String?, emailVerified: Bool, passwordHash: String?, roles: String,
    claimsVersion: Int64, disabledAt: Int64?, createdAt: Int64
  ) {
    self.id = id
    self.username = username
    self.email = email
    self.emailVerified = emailVerified
    self.passwordHash = passwordHash
    self.roles = roles
    self.claimsVersion = claimsVersion
    self.disabledAt = disabledAt
    self.createdAt = createdAt
  }

  /// Whether the user may log in and refresh.
  package var isActive: Bool { disabledAt == nil }
}

/// A user to be added.
package struct NewUser: Sendable {
  package let id: UniqueID
  package let username: String
  /// What the username is found by: normalised and lower case.
  package let usernameKey: String
  package let email: String?
  package let emailKey: String?
  package let emailVerified: Bool
  package let passwordHash: String?
  /// A JSON array of strings.
  package let roles: String

  package init(
    id: UniqueID, username: String, usernameKey: String, email: String?, emailKey: String?, emailVerified: Bool,
    passwordHash: String?, roles: String
  ) {
    self.id = id
    self.username = username
    self.usernameKey = usernameKey
    self.email = email
    self.emailKey = emailKey
    self.emailVerified = emailVerified
    self.passwordHash = passwordHash
    self.roles = roles
  }
}
