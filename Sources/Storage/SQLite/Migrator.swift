// Brings the schema to what this program knows: each file in a transaction of its own, recorded with its checksum.
//
// Refused, in words: a database which a newer program wrote, and one whose history differs from the files (somebody
// edited a released one, or the database isn't Signet's).

import SQLite
import SQLiteMigrations

/// The schema's history: files known to the program and those recorded in a database.
struct Migrator {
  private let database: Database
  private let digest: SHA256
  private let files: [(name: String, sql: [UInt8])]

  init(_ database: Database, digest: @escaping SHA256, files: [(name: String, sql: [UInt8])] = SQLiteMigrations.all) {
    self.database = database
    self.digest = digest
    self.files = files
  }

  /// Names of the files that are still to be applied. Throws `.schema` for a history that isn't ours.
  func pending() throws(StoreError) -> [String] {
    try database.attempt { () throws(SQLiteError) in
      try database.connection.execute(
        """
        CREATE TABLE IF NOT EXISTS migration (
          version INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum BLOB NOT NULL, applied_at INTEGER NOT NULL) STRICT
        """)
    }
    let recorded = try database.attempt { () throws(SQLiteError) in
      try database.statement("SELECT name, checksum FROM migration ORDER BY version").all { row in
        (name: row.text(0), checksum: row.blob(1))
      }
    }
    try check(recorded)
    return files.dropFirst(recorded.count).map(\.name)
  }

  private func check(_ recorded: [(name: String, checksum: [UInt8])]) throws(StoreError) {
    guard recorded.count <= files.count else {
      throw .schema(
        "the database has \(recorded.count) migrations and this signet knows \(files.count): a newer signet wrote it; "
          + "install that version, or restore a backup from before")
    }
    for (file, row) in zip(files, recorded) where digest(file.sql) != row.checksum {
      throw .schema(
        "migration \(row.name) of the database is not this signet's \(file.name): the file was changed after it was "
          + "applied, or the database is another program's; use the signet that made it")
    }
  }

  /// Applies what is pending; two programs starting at once apply each file once.
  func apply(now: Int64) throws(StoreError) {
    while let name = try pending().first {
      guard let index = files.firstIndex(where: { $0.name == name }) else { return }
      try database.transaction { (database) throws(StoreError) in
        try database.attempt { () throws(SQLiteError) in
          let done = try database.statement("SELECT count(*) FROM migration").first { row in row.integer(0) }
          guard done == Int64(index) else { return }
          try database.connection.execute(String(decoding: files[index].sql, as: UTF8.self))
          try database.statement("INSERT INTO migration (version, name, checksum, applied_at) VALUES (?, ?, ?, ?)").run(
            .integer(Int64(index + 1)), .text(name), .blob(digest(files[index].sql)), .integer(now))
        }
      }
    }
  }
}
