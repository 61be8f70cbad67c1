// Keys, the audit trail and the store's own facts.

import SQLite

extension SQLiteStore {
  package func keyMaterial() async throws(StoreError) -> KeyMaterial {
    // On the writer, whose transaction sees one state of all three tables.
    try await write { (database) throws(SQLiteError) in
      let epoch = try database.statement("SELECT value FROM meta WHERE name = 'epoch'").first { row in row.integer(0) }
      let secrets = try database.statement("SELECT purpose, id, wrapped FROM secret ORDER BY purpose, id").all { row in
        SecretRecord(purpose: row.text(0), id: UInt8(truncatingIfNeeded: row.integer(1)), wrapped: row.blob(2))
      }
      let keys = try database.statement(
        """
        SELECT kid, algorithm, state, public_key, public_mac, private_key, created_at, activated_at
        FROM signing_key ORDER BY created_at, kid
        """
      ).all { row in
        KeyRecord(
          kid: row.text(0), algorithm: row.text(1), state: KeyState(rawValue: row.text(2)) ?? .revoked,
          publicKey: row.blob(3), publicMAC: row.blob(4), privateKey: row.optionalBlob(5), createdAt: row.integer(6),
          activatedAt: row.optionalInteger(7))
      }
      return KeyMaterial(epoch: UInt32(truncatingIfNeeded: epoch ?? 0), secrets: secrets, keys: keys)
    }
  }

  package func addKeyMaterial(
    _ secrets: [SecretRecord], _ keys: [KeyRecord], now: Int64, context: RequestContext
  ) async throws(StoreError) {
    try await write { (database) throws(SQLiteError) in
      for secret in secrets {
        try database.statement("INSERT OR IGNORE INTO secret (purpose, id, wrapped, created_at) VALUES (?, ?, ?, ?)")
          .run(.text(secret.purpose), .integer(Int64(secret.id)), .blob(secret.wrapped), .integer(now))
      }
      for key in keys {
        try database.statement(
          """
          INSERT OR IGNORE INTO signing_key (kid, algorithm, state, public_key, public_mac, private_key, created_at,
            activated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
          """
        ).run(
          .text(key.kid), .text(key.algorithm), .text(key.state.rawValue), .blob(key.publicKey), .blob(key.publicMAC),
          .optional(key.privateKey), .integer(key.createdAt), .optional(key.activatedAt))
        guard database.connection.changes > 0 else { continue }
        let entry = AuditEntry(
          event: .keyCreated, now: now, context: context, cause: key.state.rawValue, detail: "{\"kid\":\"\(key.kid)\"}")
        try database.audit(entry)
      }
    }
  }

  package func changeMark() async throws(StoreError) -> Int64 {
    // On the writer's connection, whose data_version rises with other connections' commits only.
    try await write { (database) throws(SQLiteError) in
      try database.statement("PRAGMA data_version").first { row in row.integer(0) } ?? 0
    }
  }

  package func audit(after sequence: Int64, limit: Int) async throws(StoreError) -> [AuditRecord] {
    try await read { (database) throws(SQLiteError) in
      try database.statement(
        """
        SELECT seq, at, event, cause, actor, user, session, client, address, request, detail, previous, digest
        FROM audit WHERE seq > ? ORDER BY seq LIMIT ?
        """
      ).all(.integer(sequence), .integer(Int64(limit))) { row in
        AuditRecord(
          sequence: row.integer(0), at: row.integer(1), event: row.text(2), cause: row.optionalText(3),
          actor: row.text(4), userID: row.isNull(5) ? nil : row.id(5), sessionID: row.isNull(6) ? nil : row.id(6),
          clientID: row.optionalText(7), address: row.optionalText(8), requestID: row.optionalText(9),
          detail: row.optionalText(10), previous: row.blob(11), digest: row.blob(12))
      }
    }
  }

  package func probe(now: Int64) async throws(StoreError) {
    try await write { (database) throws(SQLiteError) in
      try database.statement("INSERT OR REPLACE INTO meta (name, value) VALUES ('probe', ?)").run(.integer(now))
    }
  }
}
