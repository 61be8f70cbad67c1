// The users' operations.

import SQLite

extension SQLiteStore {
  package func addUser(_ user: NewUser, now: Int64, context: RequestContext) async throws(StoreError) {
    try await write { (database) throws(SQLiteError) in
      try database.statement(
        """
        INSERT INTO user (id, username, username_key, email, email_key, email_verified, password_hash, roles, created_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        """
      ).run(
        .id(user.id), .text(user.username), .text(user.usernameKey), .optional(user.email), .optional(user.emailKey),
        .flag(user.emailVerified), .optional(user.passwordHash), .text(user.roles), .integer(now))
      try database.audit(AuditEntry(event: .userAdded, now: now, context: context, userID: user.id))
    }
  }

  package func findUser(loginKey: String) async throws(StoreError) -> UserRecord? {
    try await read { (database) throws(SQLiteError) in
      let byName = try database.statement("\(userColumns) FROM user u WHERE u.username_key = ?")
      if let user = try byName.first(.text(loginKey), read: userRecord) { return user }
      return try database.statement("\(userColumns) FROM user u WHERE u.email_key = ? AND u.email_verified = 1")
        .first(.text(loginKey), read: userRecord)
    }
  }

  package func findUser(id: UniqueID) async throws(StoreError) -> UserRecord? {
    try await read { (database) throws(SQLiteError) in
      try database.statement("\(userColumns) FROM user u WHERE u.id = ?").first(.id(id), read: userRecord)
    }
  }

  package func users(after: String, limit: Int) async throws(StoreError) -> [UserRecord] {
    try await read { (database) throws(SQLiteError) in
      try database.statement("\(userColumns) FROM user u WHERE u.username_key > ? ORDER BY u.username_key LIMIT ?")
        .all(.text(after), .integer(Int64(limit)), read: userRecord)
    }
  }

  package func setUser(
    _ id: UniqueID, disabled: Bool, now: Int64, context: RequestContext
  ) async throws(StoreError) {
    try await writer.write { (database) throws(StoreError) in
      let key = try database.attempt { () throws(SQLiteError) in try userKey(id, database) }
      guard let key else { throw .missing("user") }
      try database.attempt { () throws(SQLiteError) in
        try database.statement("UPDATE user SET disabled_at = ? WHERE key = ?").run(
          .optional(disabled ? now : nil), .integer(key))
        if disabled { try endAllSessions(of: key, keeping: nil, .disabled, now, database) }
        let event: AuditEvent = disabled ? .userDisabled : .userEnabled
        try database.audit(AuditEntry(event: event, now: now, context: context, userID: id))
      }
    }
  }

  package func deleteUser(_ id: UniqueID, now: Int64, context: RequestContext) async throws(StoreError) {
    try await writer.write { (database) throws(StoreError) in
      let key = try database.attempt { () throws(SQLiteError) in try userKey(id, database) }
      guard let key else { throw .missing("user") }
      try database.attempt { () throws(SQLiteError) in
        try database.deny(.user(key, keeping: nil), now)
        try database.statement("DELETE FROM user WHERE key = ?").run(.integer(key))
        try database.audit(AuditEntry(event: .userDeleted, now: now, context: context, userID: id))
      }
    }
  }

  package func rehash(_ id: UniqueID, from old: String, to new: String) async throws(StoreError) {
    try await write { (database) throws(SQLiteError) in
      try database.statement("UPDATE user SET password_hash = ? WHERE id = ? AND password_hash = ?").run(
        .text(new), .id(id), .text(old))
    }
  }

  package func changePassword(_ change: PasswordChange) async throws(StoreError) -> SessionAndUser? {
    try await writer.write { (database) throws(StoreError) in
      let key = try database.attempt { () throws(SQLiteError) in try userKey(change.userID, database) }
      guard let key else { throw .missing("user") }
      let kept = try database.attempt { () throws(SQLiteError) in
        try change.keeping.flatMap { (id) throws(SQLiteError) in try session(id, database) }
      }
      if change.keeping != nil, kept?.mayBeKept(by: change) != true { throw .missing("session") }
      return try database.attempt { () throws(SQLiteError) in try apply(change, to: key, kept, database) }
    }
  }
}

private func apply(
  _ change: PasswordChange, to key: Int64, _ kept: SessionAndUser?, _ database: Database
) throws(SQLiteError) -> SessionAndUser? {
  try database.statement("UPDATE user SET password_hash = ?, password_changed_at = ? WHERE key = ?").run(
    .text(change.passwordHash), .integer(change.now), .integer(key))
  try endAllSessions(of: key, keeping: change.keeping, .password, change.now, database)
  try database.audit(
    AuditEntry(
      event: .password, now: change.now, context: change.context, userID: change.userID, sessionID: change.keeping))
  guard var kept else { return nil }
  // Whoever holds an access token from before the change may be the one it was changed against.
  kept.session.validFrom = kept.session.generation + 1
  try database.deny(.one(kept.session.id), validFrom: kept.session.validFrom, change.now)
  kept.session.status = try database.renewStatusPlace(of: kept.session.id)
  kept.session.advance(to: kept.session.validFrom, by: change)
  kept.session.claimsVersion = kept.user.claimsVersion
  try update(kept.session, database)
  return kept
}

extension SessionAndUser {
  /// Whether the session is the user's own, live, untouched by another change of the password, and not of the last
  /// generation, which nothing can follow.
  fileprivate func mayBeKept(by change: PasswordChange) -> Bool {
    user.id == change.userID && session.isLive(at: change.now) && session.validFrom == change.validFrom
      && session.generation < .max
  }
}

extension SessionRecord {
  fileprivate mutating func advance(to generation: UInt32, by change: PasswordChange) {
    self.generation = generation
    rotatedAt = change.now
    rotatedFrom = change.addressPrefix
    idleDeadline = min(change.now + change.idleTTL, absoluteDeadline)
    retriedElsewhere = 0
  }
}

let userColumns = """
  SELECT u.id, u.username, u.email, u.email_verified, u.password_hash, u.roles, u.claims_version, u.disabled_at,
    u.created_at
  """

let userColumnsWithoutHash = """
  SELECT u.id, u.username, u.email, u.email_verified, NULL, u.roles, u.claims_version, u.disabled_at, u.created_at
  """

func userRecord(_ row: borrowing Row) -> UserRecord { userRecord(row, from: 0) }

/// Reads the columns of `userColumns`, which begin at `first`.
func userRecord(_ row: borrowing Row, from first: Int32) -> UserRecord {
  UserRecord(
    id: row.id(first), username: row.text(first + 1), email: row.optionalText(first + 2),
    emailVerified: row.flag(first + 3), passwordHash: row.optionalText(first + 4), roles: row.text(first + 5),
    claimsVersion: row.integer(first + 6), disabledAt: row.optionalInteger(first + 7), createdAt: row.integer(first + 8)
  )
}

/// The rowid of the user with this identifier.
func userKey(_ id: UniqueID, _ database: Database) throws(SQLiteError) -> Int64? {
  try database.statement("SELECT key FROM user WHERE id = ?").first(.id(id)) { row in row.integer(0) }
}

extension SQLiteStore {
  /// Queues an operation which refuses nothing.
  func write<Result: Sendable>(
    _ body: @escaping @Sendable (Database) throws(SQLiteError) -> Result
  ) async throws(StoreError) -> Result {
    try await writer.write { (database) throws(StoreError) in
      try database.attempt { () throws(SQLiteError) in try body(database) }
    }
  }

  /// Reads on a reader's thread.
  func read<Result: Sendable>(
    _ body: @escaping @Sendable (Database) throws(SQLiteError) -> Result
  ) async throws(StoreError) -> Result {
    try await readers.read { (database) throws(StoreError) in
      try database.attempt { () throws(SQLiteError) in try body(database) }
    }
  }
}
