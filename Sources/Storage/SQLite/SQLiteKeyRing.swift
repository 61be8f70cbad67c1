// The signing keys' operations: each reads where the keys are, decides, and writes, in the writer's transaction.

import SQLite

extension SQLiteStore {
  package func keyMaterial() async throws(StoreError) -> KeyMaterial {
    // On the writer, whose transaction sees one state of all tables.
    try await write { (database) throws(SQLiteError) in try database.keyMaterial() }
  }

  package func addSecrets(_ secrets: [SecretRecord], anchor: SecretRecord?, now: Int64) async throws(StoreError) {
    try await write { (database) throws(SQLiteError) in
      if let anchor, try !holds(anchor, database) { return }
      for secret in secrets { try insert(secret, now, database) }
    }
  }

  package func changeKeys(_ change: KeyChange) async throws(StoreError) -> Bool {
    try await write { (database) throws(SQLiteError) in
      guard try holds(change.anchor, database), change.fits(try places(database)) else { return false }
      for step in change.ordered { try perform(step, of: change, database) }
      for key in change.added { try insert(key, change.now, change.context, database) }
      return true
    }
  }

  package func requestRotation(of kid: String, now: Int64, context: RequestContext) async throws(StoreError) -> Bool {
    try await write { (database) throws(SQLiteError) in
      try database.statement("UPDATE signing_key SET rotation_requested_at = ? WHERE kid = ? AND state = 'active'").run(
        .integer(now), .text(kid))
      guard database.connection.changes > 0 else { return false }
      try database.auditKey(.keyRotationRequested, kid, nil, now, context)
      return true
    }
  }

  package func raiseTokenLifetime(of kids: [String], to lifetime: Int64) async throws(StoreError) -> Bool {
    try await write { (database) throws(SQLiteError) in
      for kid in kids {
        try database.statement(
          "UPDATE signing_key SET token_lifetime = max(token_lifetime, ?) WHERE kid = ? AND state = 'active'"
        ).run(.integer(lifetime), .text(kid))
        guard database.connection.changes > 0 else { return false }
      }
      return true
    }
  }

  package func notePublished(_ kids: [String], now: Int64) async throws(StoreError) {
    try await write { (database) throws(SQLiteError) in
      for kid in kids {
        try database.statement("UPDATE signing_key SET published_at = ? WHERE kid = ? AND published_at IS NULL").run(
          .integer(now), .text(kid))
      }
    }
  }

  package func auditKey(
    _ kid: String, event: AuditEvent, now: Int64, context: RequestContext
  ) async throws(StoreError) {
    try await write { (database) throws(SQLiteError) in try database.auditKey(event, kid, nil, now, context) }
  }
}

extension Database {
  /// The epoch, every key and what clients ask of them.
  func keyMaterial() throws(SQLiteError) -> KeyMaterial {
    let epoch = try statement("SELECT value FROM meta WHERE name = 'epoch'").first { row in row.integer(0) }
    let secrets = try statement("SELECT purpose, id, wrapped FROM secret ORDER BY purpose, id").all { row in
      SecretRecord(purpose: row.text(0), id: UInt8(truncatingIfNeeded: row.integer(1)), wrapped: row.blob(2))
    }
    let clientKeys = try statement(
      "SELECT id, mac_key FROM client WHERE mac_key IS NOT NULL ORDER BY key"
    ).all { row in ClientKeyRecord(clientID: row.text(0), wrapped: row.blob(1)) }
    var material = KeyMaterial(
      epoch: UInt32(truncatingIfNeeded: epoch ?? 0), secrets: secrets, keys: try storedKeys(self),
      clientKeys: clientKeys)
    material.demand.algorithms = try statement(
      "SELECT DISTINCT token_algorithm FROM client WHERE token_algorithm IS NOT NULL ORDER BY token_algorithm"
    ).all { row in row.text(0) }
    material.demand.accessTTL = try statement("SELECT max(access_ttl) FROM client").first { row in
      row.optionalInteger(0)
    }.flatMap { $0 }
    return material
  }
}

private func storedKeys(_ database: Database) throws(SQLiteError) -> [KeyRecord] {
  try database.statement(
    """
    SELECT kid, algorithm, state, public_key, public_mac, private_key, created_at, activated_at, token_lifetime,
      published_at, retired_at, revoked_at, revoked_reason, rotation_requested_at
    FROM signing_key ORDER BY created_at, kid
    """
  ).all { row in
    var key = KeyRecord(
      kid: row.text(0), algorithm: row.text(1), state: KeyState(rawValue: row.text(2)) ?? .revoked,
      publicKey: row.blob(3), publicMAC: row.blob(4), privateKey: row.optionalBlob(5), createdAt: row.integer(6),
      activatedAt: row.optionalInteger(7), tokenLifetime: row.integer(8))
    key.publishedAt = row.optionalInteger(9)
    key.retiredAt = row.optionalInteger(10)
    key.revokedAt = row.optionalInteger(11)
    key.revokedReason = row.optionalText(12)
    key.rotationRequestedAt = row.optionalInteger(13)
    return key
  }
}

private func places(_ database: Database) throws(SQLiteError) -> [KeyPlace] {
  try database.statement("SELECT kid, algorithm, state FROM signing_key").all { row in
    KeyPlace(kid: row.text(0), algorithm: row.text(1), state: KeyState(rawValue: row.text(2)) ?? .revoked)
  }
}

/// Whether the secret still stands as it was read: whoever replaces the master key wraps it anew.
func holds(_ secret: SecretRecord, _ database: Database) throws(SQLiteError) -> Bool {
  try database.statement("SELECT wrapped FROM secret WHERE purpose = ? AND id = ?")
    .first(.text(secret.purpose), .integer(Int64(secret.id))) { row in row.blob(0) } == secret.wrapped
}

func insert(_ secret: SecretRecord, _ now: Int64, _ database: Database) throws(SQLiteError) {
  try database.statement("INSERT OR IGNORE INTO secret (purpose, id, wrapped, created_at) VALUES (?, ?, ?, ?)").run(
    .text(secret.purpose), .integer(Int64(secret.id)), .blob(secret.wrapped), .integer(now))
}

func insert(
  _ key: KeyRecord, _ now: Int64, _ context: RequestContext, _ database: Database
) throws(SQLiteError) {
  try database.statement(
    """
    INSERT INTO signing_key (kid, algorithm, state, public_key, public_mac, private_key, created_at, activated_at,
      token_lifetime) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
    """
  ).run(
    .text(key.kid), .text(key.algorithm), .text(key.state.rawValue), .blob(key.publicKey), .blob(key.publicMAC),
    .optional(key.privateKey), .integer(key.createdAt), .optional(key.activatedAt), .integer(key.tokenLifetime))
  try database.auditKey(.keyCreated, key.kid, nil, cause: key.state.rawValue, now, context)
}

private func perform(_ step: KeyStep, of change: KeyChange, _ database: Database) throws(SQLiteError) {
  let (kid, mac, now) = (Value.text(step.kid), Value.blob(step.publicMAC), Value.integer(change.now))
  switch step.move {
  case .activate:
    try database.statement(
      "UPDATE signing_key SET state = 'active', public_mac = ?, activated_at = ?, token_lifetime = ? WHERE kid = ?"
    ).run(mac, now, .integer(change.tokenLifetime), kid)
  case .retire:
    try database.statement(
      "UPDATE signing_key SET state = 'retired', public_mac = ?, retired_at = ?, private_key = NULL WHERE kid = ?"
    ).run(mac, now, kid)
  case .revoke: try revoke(step, change.reason, change.now, database)
  case .delete: try database.statement("DELETE FROM signing_key WHERE kid = ?").run(kid)
  }
  try database.auditKey(step.event, step.kid, change.reason, cause: step.from.rawValue, change.now, change.context)
}

/// Marks a key as revoked and wipes its private part.
func revoke(_ step: KeyStep, _ reason: String?, _ now: Int64, _ database: Database) throws(SQLiteError) {
  if step.from != .revoked { try database.deny(key: step.kid, now) }
  try database.statement(
    """
    UPDATE signing_key SET state = 'revoked', public_mac = ?, revoked_at = coalesce(revoked_at, ?),
      revoked_reason = coalesce(revoked_reason, ?), private_key = NULL WHERE kid = ?
    """
  ).run(.blob(step.publicMAC), .integer(now), .optional(reason), .text(step.kid))
}

extension Database {
  /// Adds what happened to a key to the audit trail.
  func auditKey(
    _ event: AuditEvent, _ kid: String, _ reason: String?, cause: String? = nil, _ now: Int64, _ context: RequestContext
  ) throws(SQLiteError) {
    let detail = try statement(
      "SELECT CASE WHEN ?2 IS NULL THEN json_object('kid', ?1) ELSE json_object('kid', ?1, 'reason', ?2) END"
    ).first(.text(kid), .optional(reason)) { row in row.text(0) }
    try audit(AuditEntry(event: event, now: now, context: context, cause: cause, detail: detail))
  }
}
