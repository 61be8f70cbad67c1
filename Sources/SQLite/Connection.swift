// One connection to one SQLite file, used by one thread.
//
// Opened without SQLite's own mutex (SQLITE_OPEN_NOMUTEX): whoever owns the connection confines it to a thread, which the
// compiler holds it to, since the class is not Sendable. Statements are prepared once and kept for the connection's life.

import CSQLite

/// An open database connection, confined to one thread.
package final class Connection {
  /// How a connection may touch the file.
  package enum Access: Sendable {
    case readWriteCreate, readWrite, readOnly
  }

  private let handle: OpaquePointer
  /// Written by SQLite's hook at each commit; outside the object, since the hook is a C function with a bare pointer.
  private let frames: UnsafeMutablePointer<Int32>
  private var statements: [String: Statement] = [:]

  /// Opens `path`.
  /// - Parameter patience: milliseconds for which a statement waits for another process's lock.
  package init(path: String, access: Access, patience: Int32 = 5000) throws(SQLiteError) {
    let how =
      switch access {
      case .readWriteCreate: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
      case .readWrite: SQLITE_OPEN_READWRITE
      case .readOnly: SQLITE_OPEN_READONLY
      }
    var opened: OpaquePointer?
    let code = sqlite3_open_v2(path, &opened, how | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nil)
    guard let opened, code == SQLITE_OK else {
      let error = SQLiteError(code: code, call: "open", handle: opened)
      sqlite3_close_v2(opened)
      throw error
    }
    handle = opened
    frames = .allocate(capacity: 1)
    frames.initialize(to: 0)
    sqlite3_busy_timeout(opened, patience)
  }

  deinit {
    statements.removeAll()
    sqlite3_close_v2(handle)
    frames.deallocate()
  }

  /// Changes for how many milliseconds a statement waits for another process's lock.
  package func wait(patience: Int32) { sqlite3_busy_timeout(handle, patience) }

  /// Runs one or more statements which return no rows.
  package func execute(_ sql: String) throws(SQLiteError) {
    let code = sqlite3_exec(handle, sql, nil, nil, nil)
    guard code == SQLITE_OK else { throw SQLiteError(code: code, call: "exec", handle: handle) }
  }

  /// The prepared statement for `sql`, made at its first use and reset at each.
  package func statement(_ sql: String) throws(SQLiteError) -> Statement {
    if let known = statements[sql] { return known }
    var prepared: OpaquePointer?
    let code = sqlite3_prepare_v3(handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &prepared, nil)
    guard let prepared, code == SQLITE_OK else { throw SQLiteError(code: code, call: "prepare", handle: handle) }
    let made = Statement(prepared, of: handle)
    statements[sql] = made
    return made
  }

  /// Rows which the latest INSERT, UPDATE or DELETE changed.
  package var changes: Int { Int(sqlite3_changes(handle)) }

  /// The rowid of the latest INSERT.
  package var lastRowID: Int64 { sqlite3_last_insert_rowid(handle) }

  /// Whether a transaction is open.
  package var inTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }

  /// Copies what the write-ahead log holds into the database, as far as readers allow, without waiting for anybody.
  /// - Returns: frames in the log, and how many of them are now in the database.
  package func checkpoint() throws(SQLiteError) -> (frames: Int, done: Int) {
    var frames: Int32 = 0
    var done: Int32 = 0
    let code = sqlite3_wal_checkpoint_v2(handle, nil, SQLITE_CHECKPOINT_PASSIVE, &frames, &done)
    guard code == SQLITE_OK || code & 0xff == SQLITE_BUSY else {
      throw SQLiteError(code: code, call: "wal_checkpoint", handle: handle)
    }
    return (Int(frames), Int(done))
  }

  /// Copies the whole log into the database and cuts it to nothing, waiting for readers and writers as for a lock; false
  /// when one of them took longer.
  package func emptyLog() throws(SQLiteError) -> Bool {
    // Before its first read a connection knows of no log, and SQLite then says that all is done.
    try execute("SELECT 1 FROM sqlite_schema LIMIT 1")
    let code = sqlite3_wal_checkpoint_v2(handle, nil, SQLITE_CHECKPOINT_TRUNCATE, nil, nil)
    guard code == SQLITE_OK || code & 0xff == SQLITE_BUSY else {
      throw SQLiteError(code: code, call: "wal_checkpoint", handle: handle)
    }
    return code == SQLITE_OK
  }

  /// Makes every checkpoint this program's own decision, and `logFrames` known: the log grows until `checkpoint` is called.
  package func takeOverCheckpoints() {
    sqlite3_wal_hook(
      handle,
      { context, _, _, count in
        context?.assumingMemoryBound(to: Int32.self).pointee = count
        return SQLITE_OK
      }, frames)
  }

  /// Frames in the write-ahead log after this connection's latest commit.
  package var logFrames: Int { Int(frames.pointee) }
}
