// What SQLite refused to do, without the values that were bound.

import CSQLite
import Glibc

/// A failed call, with SQLite's extended result code.
package struct SQLiteError: Error, Sendable, CustomStringConvertible {
  /// The extended result code.
  package let code: Int32
  /// The call which failed.
  package let call: String
  /// SQLite's own words: names of tables and columns at most, never values.
  package let message: String
  /// The system's `errno` behind an input or output error; 0 otherwise.
  private let systemError: Int32

  init(code: Int32, call: String, handle: OpaquePointer?) {
    self.code = code
    self.call = call
    message = String(cString: handle.map { sqlite3_errmsg($0) } ?? sqlite3_errstr(code))
    systemError = code & 0xff == SQLITE_IOERR ? handle.map { signet_system_errno($0) } ?? 0 : 0
  }

  package var description: String {
    let system = systemError == 0 ? "" : " (\(String(cString: strerror(systemError))))"
    return "SQLite \(call) failed with \(code): \(message)\(system)"
  }

  /// What the failure means to the store.
  package enum Kind: Sendable {
    case full, readOnly, busy, corrupt, constraint, cantOpen, inputOutput, other
  }

  /// The failure's kind, from the primary result code.
  package var kind: Kind {
    switch code & 0xff {
    case SQLITE_FULL: .full
    case SQLITE_READONLY: .readOnly
    case SQLITE_BUSY, SQLITE_LOCKED: .busy
    case SQLITE_CORRUPT, SQLITE_NOTADB: .corrupt
    case SQLITE_CONSTRAINT: .constraint
    case SQLITE_CANTOPEN, SQLITE_PERM, SQLITE_AUTH: .cantOpen
    case SQLITE_IOERR: ioKind
    default: .other
    }
  }

  /// A file system that became read-only, or a quota, is an input or output error to SQLite, which knows ENOSPC alone.
  private var ioKind: Kind {
    switch systemError {
    case EROFS, EACCES, EPERM: .readOnly
    case ENOSPC, EDQUOT: .full
    default: .inputOutput
    }
  }
}
