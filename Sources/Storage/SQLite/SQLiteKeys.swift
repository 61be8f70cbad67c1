// The audit trail and the store's own facts.

import SQLite

extension SQLiteStore {
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
