// Clients, the audit trail and the store's own facts.

import SQLite

extension SQLiteStore {
  package func addClient(_ client: ClientRecord, context: RequestContext) async throws(StoreError) {
    try await write { (database) throws(SQLiteError) in
      try database.statement(
        """
        INSERT INTO client (id, name, kind, first_party, grants, audiences, scopes, access_ttl, idle_ttl, absolute_ttl,
          created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """
      ).run(
        .text(client.id), .text(client.name), .text(client.isPublic ? "public" : "confidential"),
        .flag(client.isFirstParty), .list(client.grants), .list(client.audiences), .list(client.scopes),
        .optional(client.accessTTL), .optional(client.idleTTL), .optional(client.absoluteTTL),
        .integer(client.createdAt))
      try database.audit(
        AuditEntry(event: .clientAdded, now: client.createdAt, context: context, clientID: client.id))
    }
  }

  package func clients() async throws(StoreError) -> [ClientRecord] {
    try await read { (database) throws(SQLiteError) in
      try database.statement(
        """
        SELECT id, name, kind, first_party, grants, audiences, scopes, access_ttl, idle_ttl, absolute_ttl, created_at
        FROM client ORDER BY key
        """
      ).all { (row) throws(SQLiteError) in
        ClientRecord(
          id: row.text(0), name: row.text(1), isPublic: row.text(2) == "public", isFirstParty: row.flag(3),
          grants: try list(row.text(4), database), audiences: try list(row.text(5), database),
          scopes: try list(row.text(6), database), accessTTL: row.optionalInteger(7), idleTTL: row.optionalInteger(8),
          absoluteTTL: row.optionalInteger(9), createdAt: row.integer(10))
      }
    }
  }

  package func deleteClient(_ id: String, now: Int64, context: RequestContext) async throws(StoreError) {
    try await writer.write { (database) throws(StoreError) in
      let found = try database.attempt { () throws(SQLiteError) in
        try database.statement("DELETE FROM client WHERE id = ?").run(.text(id))
        return database.connection.changes > 0
      }
      guard found else { throw .missing("client") }
      try database.attempt { () throws(SQLiteError) in
        try database.audit(AuditEntry(event: .clientDeleted, now: now, context: context, clientID: id))
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

/// The members of a JSON array of strings, by SQLite's own reader.
private func list(_ json: String, _ database: Database) throws(SQLiteError) -> [String] {
  try database.statement("SELECT value FROM json_each(?)").all(.text(json)) { row in row.text(0) }
}

extension Value {
  /// A list as a JSON array. Registered names hold no quote, backslash or control character (see Identity's rules).
  fileprivate static func list(_ values: [String]) -> Value {
    .text("[" + values.map { "\"\($0)\"" }.joined(separator: ",") + "]")
  }
}
