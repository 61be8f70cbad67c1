// What follows from a new master key: everything wrapped anew, or everything replaced. One transaction each.

import SQLite

extension SQLiteStore {
  package func rewrap(
    from old: WrappedKeys, to new: WrappedKeys, now: Int64, context: RequestContext
  ) async throws(StoreError) -> Bool {
    try await write { (database) throws(SQLiteError) in
      guard try database.keyMaterial().wrapped == old else { return false }
      for secret in new.secrets {
        try database.statement("UPDATE secret SET wrapped = ? WHERE purpose = ? AND id = ?").run(
          .blob(secret.wrapped), .text(secret.purpose), .integer(Int64(secret.id)))
      }
      for key in new.privateKeys {
        try database.statement("UPDATE signing_key SET private_key = ? WHERE kid = ?").run(
          .blob(key.wrapped), .text(key.kid))
      }
      for key in new.clientKeys {
        try database.statement("UPDATE client SET mac_key = ? WHERE id = ?").run(
          .blob(key.wrapped), .text(key.clientID))
      }
      try database.audit(
        AuditEntry(event: .keysRewrapped, now: now, context: context, detail: "{\"wrapped\":\(new.count)}"))
      return true
    }
  }

  package func replaceKeys(_ replacement: KeyReplacement) async throws(StoreError) -> Int? {
    try await write { (database) throws(SQLiteError) in
      guard try database.keyMaterial() == replacement.expected else { return nil }
      let (now, context) = (replacement.now, replacement.context)
      try database.statement("DELETE FROM secret").run()
      for secret in replacement.secrets { try insert(secret, now, database) }
      try database.statement(
        "UPDATE client SET mac_key = NULL, mac_algorithm = NULL, mac_kid = NULL WHERE mac_key IS NOT NULL"
      ).run()
      for step in replacement.revoked {
        try revoke(step, replacement.reason, now, database)
        guard step.from != .revoked else { continue }
        try database.auditKey(.keyRevoked, step.kid, replacement.reason, cause: step.from.rawValue, now, context)
      }
      for key in replacement.added { try insert(key, now, context, database) }
      let ended = try endEverySession(now, database)
      try database.audit(
        AuditEntry(
          event: .keysReplaced, now: now, context: context, cause: RevocationReason.compromised.rawValue,
          detail: "{\"sessions_ended\":\(ended)}"))
      return ended
    }
  }

  /// Moves the write-ahead log into the database and empties it, so that no older form of a page lies on in it; false when
  /// somebody reads meanwhile, after which the log empties itself in time.
  package static func emptyLog(path: String) throws(StoreError) -> Bool {
    let connection = try connect(path, patience: 5000)
    do { return try connection.emptyLog() } catch { throw StoreError(error) }
  }
}

/// Ends every session of every user; how many of them were live. None is denied by itself: every key that its tokens
/// rest on is.
private func endEverySession(_ now: Int64, _ database: Database) throws(SQLiteError) -> Int {
  let live = try database.statement(
    "SELECT count(*) FROM session WHERE revoked_at IS NULL AND min(idle_deadline, absolute_deadline) > ?"
  ).first(.integer(now)) { row in row.integer(0) }
  try database.statement("UPDATE session SET revoked_at = ?, revoked_reason = ? WHERE revoked_at IS NULL").run(
    .integer(now), .text(RevocationReason.compromised.rawValue))
  return Int(live ?? 0)
}
