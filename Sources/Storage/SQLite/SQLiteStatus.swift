// Places in the token status lists: given out in the transaction that needs one, and never twice, so that no token is ever
// refused for what another did.

import SQLite

extension SQLiteStore {
  package func statusPlaces() async throws(StoreError) -> Int64 {
    try await read { (database) throws(SQLiteError) in
      try database.statement("SELECT value FROM meta WHERE name = 'status_places'").first { row in row.integer(0) } ?? 0
    }
  }
}

extension Database {
  /// A place that nobody has had.
  func newStatusPlace() throws(SQLiteError) -> StatusPlace {
    try statement("INSERT INTO meta (name, value) VALUES ('status_key', random()) ON CONFLICT DO NOTHING").run()
    let count = try statement(
      """
      INSERT INTO meta (name, value) VALUES ('status_places', 1) ON CONFLICT DO UPDATE SET value = value + 1
      RETURNING value
      """
    ).first { row in row.integer(0) }
    let key = try statement("SELECT value FROM meta WHERE name = 'status_key'").first { row in row.integer(0) }
    return StatusPlace(after: (count ?? 1) - 1, key: UInt64(bitPattern: key ?? 0))
  }

  /// The place of a session, if it has one.
  func statusPlace(of session: UniqueID) throws(SQLiteError) -> StatusPlace? {
    let number = try statement("SELECT status FROM session WHERE id = ?").first(.id(session)) { row in
      row.optionalInteger(0)
    }
    return (number ?? nil).map { StatusPlace($0) }
  }

  /// Gives a session another place, if it has one: its old one now says of tokens before that they are denied.
  func renewStatusPlace(of session: UniqueID) throws(SQLiteError) -> StatusPlace? {
    guard try statusPlace(of: session) != nil else { return nil }
    let place = try newStatusPlace()
    try statement("UPDATE session SET status = ? WHERE id = ?").run(.integer(place.number), .id(session))
    return place
  }
}
