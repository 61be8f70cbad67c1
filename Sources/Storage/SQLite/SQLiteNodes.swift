// Servers that tell of themselves, and the bounded list of who fetches the JWK Set.

import SQLite

extension SQLiteStore {
  package func beat(_ node: NodeRecord, alone: Bool) async throws(StoreError) {
    try await write { (database) throws(SQLiteError) in
      let day: Int64 = 86_400_000
      try database.statement("DELETE FROM node WHERE id <> ? AND (? OR seen_at < ?)").run(
        .id(node.id), .flag(alone), .integer(node.seenAt - day))
      try database.statement(
        "INSERT OR REPLACE INTO node (id, seen_at, issuer, able, offered, keys) VALUES (?, ?, ?, ?, ?, ?)"
      ).run(
        .id(node.id), .integer(node.seenAt), .text(node.issuer), .words(node.able), .words(node.offered),
        .text(node.keys))
    }
  }

  package func leave(_ node: UniqueID) async throws(StoreError) {
    try await write { (database) throws(SQLiteError) in
      try database.statement("DELETE FROM node WHERE id = ?").run(.id(node))
    }
  }

  package func nodes() async throws(StoreError) -> [NodeRecord] {
    try await read { (database) throws(SQLiteError) in
      try database.statement("SELECT id, seen_at, issuer, able, offered, keys FROM node ORDER BY id").all { row in
        NodeRecord(
          id: row.id(0), seenAt: row.integer(1), issuer: row.text(2), able: row.words(3), offered: row.words(4),
          keys: row.text(5))
      }
    }
  }

  package func noteVerifiers(_ sightings: [VerifierSighting]) async throws(StoreError) {
    try await write { (database) throws(SQLiteError) in
      for sighting in sightings { try note(sighting, database) }
      try database.statement(
        "DELETE FROM verifier WHERE key IN (SELECT key FROM verifier ORDER BY last_seen_at DESC, key LIMIT -1 OFFSET ?)"
      ).run(.integer(Int64(VerifierRecord.limit)))
    }
  }

  package func verifiers() async throws(StoreError) -> [VerifierRecord] {
    try await read { (database) throws(SQLiteError) in
      try database.statement(
        "SELECT address, user_agent, first_seen_at, last_seen_at FROM verifier ORDER BY last_seen_at DESC, key"
      ).all { row in
        VerifierRecord(
          address: row.text(0), userAgent: row.text(1), firstSeenAt: row.integer(2), lastSeenAt: row.integer(3))
      }
    }
  }
}

/// Writes one fetch. The time is taken as it is, also when it is before the last one: the clock may have been set back.
private func note(_ sighting: VerifierSighting, _ database: Database) throws(SQLiteError) {
  try database.statement(
    """
    INSERT INTO verifier (address, prefix, user_agent, first_seen_at, last_seen_at) VALUES (?1, ?2, ?3, ?4, ?4)
    ON CONFLICT (address, user_agent) DO UPDATE SET last_seen_at = excluded.last_seen_at
    """
  ).run(.text(sighting.address), .integer(sighting.prefix), .text(sighting.userAgent), .integer(sighting.at))
  try database.statement(
    """
    DELETE FROM verifier WHERE key IN (
      SELECT key FROM verifier WHERE prefix = ? ORDER BY last_seen_at DESC, key LIMIT -1 OFFSET ?)
    """
  ).run(.integer(sighting.prefix), .integer(Int64(VerifierRecord.limitPerPrefix)))
}

extension Value {
  /// Words which hold no space, as one text.
  fileprivate static func words(_ words: [String]) -> Value { .text(words.joined(separator: " ")) }
}

extension Row {
  /// Column `index` as the words that `Value.words` wrote.
  fileprivate func words(_ index: Int32) -> [String] { text(index).split(separator: " ").map(String.init) }
}
