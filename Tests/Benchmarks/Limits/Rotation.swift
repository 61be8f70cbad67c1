// The UPDATE of a rotation on a database of Signet's that no server has open: what a refresh writes, and nothing else.

import SQLite

/// Rotates the sessions of the cases' user in turn.
final class Rotation {
  private let connection: Connection
  private let update: Statement
  private let sessions: [[UInt8]]
  private var number = 0

  init(path: String) throws {
    connection = try Connection(path: path, access: .readWrite)
    // As Signet opens its own: each commit survives power loss.
    try connection.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -8192;")
    sessions = try connection.statement("SELECT id FROM session WHERE user = 1 ORDER BY created_at").all { row in
      row.blob(0)
    }
    guard !sessions.isEmpty else { throw Failure("there is no session to rotate") }
    update = try connection.statement(
      """
      UPDATE session SET idle_deadline = ?1, generation = ?1, valid_from = 0, rotated_at = ?1, rotated_from = 0,
        claims_version = 1, retried_elsewhere = 0 WHERE id = ?2
      """)
  }

  /// Commits so many, durably.
  func commit(_ count: Int) throws {
    try connection.execute("BEGIN IMMEDIATE")
    for _ in 0..<count {
      number += 1
      try update.run(.integer(Int64(number)), .blob(sessions[number % sessions.count]))
    }
    try connection.execute("COMMIT")
  }
}
