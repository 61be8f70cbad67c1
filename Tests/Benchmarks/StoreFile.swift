// A server's database as it is seen from outside: how large it is, and filled with more sessions than anybody logs in.

import Foundation
import SQLite

/// The database of a server.
struct StoreFile {
  let path: String

  /// All rows of all tables, and the file's bytes after a checkpoint.
  func size() throws -> (rows: Double, bytes: Double) {
    let connection = try Connection(path: path, access: .readWrite)
    guard try connection.emptyLog() else { throw Failure("the log can't be checkpointed") }
    let tables = try connection.statement(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
    ).all { row in row.text(0) }
    let rows = try tables.reduce(Int64(0)) { sum, name in
      sum + (try connection.statement("SELECT count(*) FROM \(name)").first { row in row.integer(0) } ?? 0)
    }
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    return (Double(rows), (attributes[.size] as? NSNumber)?.doubleValue ?? 0)
  }

  /// Sessions of others than the cases' user.
  func othersSessions() throws -> Int {
    let connection = try Connection(path: path, access: .readOnly)
    return Int(try connection.statement("SELECT count(*) FROM session WHERE user <> 1").first { $0.integer(0) } ?? 0)
  }

  /// Adds copies of a session under random identifiers, ten for each of as many new users. No server may run.
  /// - Parameter changes: SQL for columns which are to differ from the copied session's.
  /// - Returns: the bytes that each session took, with its part of the index.
  @discardableResult
  func addSessions(_ count: Int, changes: [String: String] = [:]) throws -> Double {
    // Nothing here need survive a crash, and a cache for the whole file saves writing each page again and again.
    let connection = try Connection(path: path, access: .readWrite)
    try connection.execute("PRAGMA synchronous = OFF; PRAGMA journal_mode = DELETE; PRAGMA cache_size = -4000000;")
    let last = try connection.statement("SELECT max(key) FROM user").first { row in row.integer(0) } ?? 1
    let users = max(1, count / 10)
    try copy(
      "user", users,
      [
        "key": "\(last) + n", "id": "randomblob(16)", "username": "'user' || (\(last) + n)",
        "username_key": "'user' || (\(last) + n)",
      ], connection)
    let before = try size().bytes
    let mine = ["id": "randomblob(16)", "user": "\(last + 1) + n % \(users)", "created_at": "created_at + n"]
    try copy("session", count, mine.merging(changes) { $1 }, connection)
    return (try size().bytes - before) / Double(count)
  }

  /// Adds so many denied sessions of the audience that there are sessions of, good for a quarter of an hour. No server may
  /// run.
  func addDenials(_ count: Int) throws {
    let connection = try Connection(path: path, access: .readWrite)
    try connection.execute(
      """
      PRAGMA synchronous = OFF; PRAGMA journal_mode = DELETE; PRAGMA cache_size = -4000000;
      WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < \(count))
      INSERT INTO denied (kind, id, audience, denied_at, expires_at)
      SELECT 1, randomblob(16), (SELECT key FROM text WHERE value = 'api'), unixepoch() * 1000,
        unixepoch() * 1000 + 900000
      FROM number;
      """)
  }

  /// Inserts copies of a table's first row, numbered `n` from 1, with other values in some columns.
  private func copy(_ table: String, _ count: Int, _ changes: [String: String], _ connection: Connection) throws {
    let columns = try connection.statement("SELECT name FROM pragma_table_info('\(table)')").all { row in row.text(0) }
    try connection.execute(
      """
      CREATE TEMP TABLE sample AS SELECT * FROM \(table) LIMIT 1;
      WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < \(count))
      INSERT INTO main.\(table) SELECT \(columns.map { changes[$0] ?? $0 }.joined(separator: ", ")) FROM number, sample;
      DROP TABLE sample;
      """)
  }
}
