// What 100,000 refreshes leave in the database: no row, and no byte after a checkpoint.

import Foundation
import SQLite

extension Case {
  static let growth = Case(name: "growth", about: "rows and bytes after 100,000 refreshes") { _ in
    let server = try SignetServer()
    try server.addUser()
    // A round ends with requests under way, whose tokens are lost: each has sessions of its own, begun before.
    let rounds = try (0..<4).map { _ in try server.logIn(RefreshLoad.sessions).map(\.refresh) }
    let before = try size(of: server.database)
    var refreshes = 0
    for tokens in rounds where refreshes < 100_000 {
      refreshes += try Wrk.run(server.url, seconds: 6, script: RefreshLoad.script(tokens)).succeeded
    }
    let after = try size(of: server.database)
    return [
      Figure(name: "refreshes of the growth case", value: Double(refreshes), unit: "", target: .atLeast(100_000)),
      Figure(name: "rows they added", value: after.rows - before.rows, unit: "", target: .atMost(0)),
      Figure(name: "database before them", value: before.bytes / 1000, unit: "kB"),
      Figure(
        name: "database after them, checkpointed", value: after.bytes / 1000, unit: "kB",
        target: .atMost(before.bytes / 1000)),
    ]
  }

  /// All rows of all tables, and the file's bytes after a checkpoint.
  private static func size(of path: String) throws -> (rows: Double, bytes: Double) {
    let connection = try Connection(path: path, access: .readWrite)
    let busy = try connection.statement("PRAGMA wal_checkpoint(TRUNCATE)").first { row in row.integer(0) }
    guard busy == 0 else { throw Failure("the log can't be checkpointed") }
    let tables = try connection.statement(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
    ).all { row in row.text(0) }
    let rows = try tables.reduce(Int64(0)) { sum, name in
      sum + (try connection.statement("SELECT count(*) FROM \(name)").first { row in row.integer(0) } ?? 0)
    }
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    return (Double(rows), (attributes[.size] as? NSNumber)?.doubleValue ?? 0)
  }
}
