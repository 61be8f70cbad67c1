// SQLite alone: transactions of 64 updates, the most that 64 connections can make of a batch, each committed
// durably.

import SQLite

extension Machine {
  func commits() async throws -> Figure.Limit {
    try await once("SQLite updates/s, 64 a commit") {
      let folder = try TemporaryFolder()
      let connection = try Connection(path: folder.path + "/limit.db", access: .readWriteCreate)
      try connection.execute(
        """
        PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
        CREATE TABLE session (id BLOB PRIMARY KEY, generation INTEGER, rotated_at INTEGER) STRICT, WITHOUT ROWID;
        """)
      let update = try connection.statement(
        "UPDATE session SET generation = generation + 1, rotated_at = ? WHERE id = ?")
      let insert = try connection.statement("INSERT INTO session VALUES (?, 0, 0)")
      let sessions = Int64(RefreshLoad.sessions)
      for number in 0..<sessions { try insert.run(.blob(Self.identifier(number))) }
      var number: Int64 = 0
      return 64
        * (try Machine.rate(seconds: 3) {
          try connection.execute("BEGIN IMMEDIATE")
          for _ in 0..<64 {
            number += 1
            try update.run(.integer(number), .blob(Self.identifier(number % sessions)))
          }
          try connection.execute("COMMIT")
        })
    }
  }

  private static func identifier(_ number: Int64) -> [UInt8] {
    [UInt8](repeating: 7, count: 8) + withUnsafeBytes(of: number.bigEndian) { Array($0) }
  }
}
