// Deleting sessions that are over, in small steps: found on a reader's connection, deleted by one job of the writer.
//
// The table is walked by its primary key, since an index on a deadline would cost every rotation a second write. The
// writer's part is bounded by the deletions alone, shares its commit with the refreshes of the same batch, and asks each
// row again: what was found over may live again once a clock was set right.

import SQLite

extension SQLiteStore {
  package func sweepSessions(
    after cursor: UniqueID?, before: Int64, step: SweepStep
  ) async throws(StoreError) -> Sweep {
    let (ids, next) = try await read { (database) throws(SQLiteError) in
      try over(after: cursor, before, step, database)
    }
    guard !ids.isEmpty else { return Sweep(removed: 0, next: next) }
    let removed = try await write { (database) throws(SQLiteError) in
      var removed = 0
      for id in ids {
        try database.statement("DELETE FROM session WHERE id = ? AND \(wasOver)").run(.id(id), .integer(before))
        removed += database.connection.changes
      }
      return removed
    }
    return Sweep(removed: removed, next: next)
  }
}

/// A session is over at the first of its deadlines, or when it was revoked.
private let wasOver = "min(idle_deadline, absolute_deadline, coalesce(revoked_at, absolute_deadline)) < ?"

private func over(
  after cursor: UniqueID?, _ before: Int64, _ step: SweepStep, _ database: Database
) throws(SQLiteError) -> (ids: [UniqueID], next: UniqueID?) {
  let rows = try database.statement("SELECT id, \(wasOver) FROM session WHERE id > ? ORDER BY id LIMIT ?")
    .all(.integer(before), .id(cursor ?? UniqueID(high: 0, low: 0)), .integer(Int64(step.rows))) { row in
      (id: row.id(0), isOver: row.flag(1))
    }
  let ids = rows.filter(\.isOver).prefix(step.removals).map(\.id)
  // The rest of what was looked at is looked at again.
  if ids.count == step.removals { return (ids, ids.last) }
  return (ids, rows.count < step.rows ? nil : rows.last?.id)
}
