// Assertions that were taken: each is remembered until it has expired. An insertion that finds its place taken is the
// whole decision, so of two requests at once one is refused, on whatever connection.

import SQLite

extension SQLiteStore {
  package func takeAssertion(_ assertion: TakenAssertion) async throws(StoreError) -> Bool {
    try await write { (database) throws(SQLiteError) in
      try database.statement("INSERT OR IGNORE INTO assertion (id, expires_at) VALUES (?, ?)").run(
        .blob(assertion.id), .integer(assertion.until))
      guard database.connection.changes > 0 else { return false }
      guard assertion.forgets else { return true }
      // Two for each one that is added, so that the table shrinks, and nobody waits for more.
      try database.statement(
        "DELETE FROM assertion WHERE id IN (SELECT id FROM assertion WHERE expires_at < ? ORDER BY expires_at LIMIT 2)"
      ).run(.integer(assertion.now))
      return true
    }
  }
}
