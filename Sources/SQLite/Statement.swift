// A prepared statement: bind by position, step, read columns by position.
//
// Positions rather than names, because they are what SQLite itself uses and cost nothing; the SQL stands beside each use.

import CSQLite

/// A prepared statement, confined to its connection's thread.
package final class Statement {
  private let handle: OpaquePointer
  private let connection: OpaquePointer

  init(_ handle: OpaquePointer, of connection: OpaquePointer) {
    self.handle = handle
    self.connection = connection
  }

  deinit { sqlite3_finalize(handle) }

  /// Binds `values` to parameters 1, 2, …, runs the statement to its end and ignores its rows.
  package func run(_ values: Value...) throws(SQLiteError) {
    defer { sqlite3_reset(handle) }
    try bind(values)
    while try step() {}
  }

  /// Binds, and gives what `read` makes of the first row; nil when there is none.
  package func first<Result>(
    _ values: Value..., read: (borrowing Row) throws(SQLiteError) -> Result
  ) throws(SQLiteError) -> Result? {
    defer { sqlite3_reset(handle) }
    try bind(values)
    guard try step() else { return nil }
    return try read(Row(handle))
  }

  /// Binds, and gives what `read` makes of every row.
  package func all<Result>(
    _ values: Value..., read: (borrowing Row) throws(SQLiteError) -> Result
  ) throws(SQLiteError) -> [Result] {
    defer { sqlite3_reset(handle) }
    try bind(values)
    var results: [Result] = []
    while try step() { results.append(try read(Row(handle))) }
    return results
  }

  /// Runs the statement to its end with what `bind(_:at:)` bound: where it is hot, without the array of the other `run`.
  package func run() throws(SQLiteError) {
    defer { sqlite3_reset(handle) }
    while try step() {}
  }

  /// Gives what `read` makes of the first row with what `bind(_:at:)` bound; nil when there is none.
  package func first<Result>(
    read: (borrowing Row) throws(SQLiteError) -> Result
  ) throws(SQLiteError) -> Result? {
    defer { sqlite3_reset(handle) }
    guard try step() else { return nil }
    return try read(Row(handle))
  }

  /// Binds one parameter, counted from 1, until it is bound anew.
  package func bind(_ value: Value, at index: Int32) throws(SQLiteError) {
    let code = bound(value, at: index)
    guard code == SQLITE_OK else { throw SQLiteError(code: code, call: "bind", handle: connection) }
  }

  private func step() throws(SQLiteError) -> Bool {
    switch sqlite3_step(handle) {
    case SQLITE_ROW: return true
    case SQLITE_DONE: return false
    case let code: throw SQLiteError(code: code, call: "step", handle: connection)
    }
  }

  private func bind(_ values: [Value]) throws(SQLiteError) {
    for (offset, value) in values.enumerated() {
      try bind(value, at: Int32(offset + 1))
    }
  }

  private func bound(_ value: Value, at index: Int32) -> Int32 {
    switch value {
    case .null: sqlite3_bind_null(handle, index)
    case .integer(let number): sqlite3_bind_int64(handle, index, number)
    case .text(var text):
      text.withUTF8 { bytes in
        bytes.withMemoryRebound(to: CChar.self) {
          signet_bind_text(handle, index, $0.baseAddress, UInt64($0.count))
        }
      }
    case .blob(let bytes):
      bytes.withUnsafeBytes { signet_bind_blob(handle, index, $0.baseAddress, UInt64($0.count)) }
    case .words(let high, let low):
      withUnsafeBytes(of: (high.bigEndian, low.bigEndian)) { signet_bind_blob(handle, index, $0.baseAddress, 16) }
    }
  }
}

/// What can be bound to a parameter.
package enum Value: Sendable {
  case null
  case integer(Int64)
  case text(String)
  case blob([UInt8])
  /// A blob of 16 bytes as two big-endian words: identifiers, without an array each.
  case words(UInt64, UInt64)

  /// An integer, or NULL.
  package static func optional(_ number: Int64?) -> Value { number.map(Value.integer) ?? .null }

  /// A text, or NULL.
  package static func optional(_ text: String?) -> Value { text.map(Value.text) ?? .null }

  /// A blob, or NULL.
  package static func optional(_ bytes: [UInt8]?) -> Value { bytes.map(Value.blob) ?? .null }

  /// A boolean as SQLite keeps it.
  package static func flag(_ flag: Bool) -> Value { .integer(flag ? 1 : 0) }
}

/// The row a statement stands on, valid until it steps.
package struct Row: ~Copyable {
  private let handle: OpaquePointer

  init(_ handle: OpaquePointer) { self.handle = handle }

  /// Whether column `index` is NULL.
  package func isNull(_ index: Int32) -> Bool { sqlite3_column_type(handle, index) == SQLITE_NULL }

  /// Column `index` as an integer; 0 for NULL.
  package func integer(_ index: Int32) -> Int64 { sqlite3_column_int64(handle, index) }

  /// Column `index` as an integer; nil for NULL.
  package func optionalInteger(_ index: Int32) -> Int64? { isNull(index) ? nil : integer(index) }

  /// Column `index` as a boolean.
  package func flag(_ index: Int32) -> Bool { integer(index) != 0 }

  /// Column `index` as text; empty for NULL.
  package func text(_ index: Int32) -> String {
    guard let start = sqlite3_column_text(handle, index) else { return "" }
    let count = Int(sqlite3_column_bytes(handle, index))
    return String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
  }

  /// Column `index` as text; nil for NULL.
  package func optionalText(_ index: Int32) -> String? { isNull(index) ? nil : text(index) }

  /// Column `index` as bytes; empty for NULL.
  package func blob(_ index: Int32) -> [UInt8] {
    guard let start = sqlite3_column_blob(handle, index) else { return [] }
    return [UInt8](UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, index))))
  }

  /// Column `index` as bytes; nil for NULL.
  package func optionalBlob(_ index: Int32) -> [UInt8]? { isNull(index) ? nil : blob(index) }

  /// Column `index`, a blob of 16 bytes, as two big-endian words; zeros for any other length.
  package func words(_ index: Int32) -> (UInt64, UInt64) {
    guard let start = sqlite3_column_blob(handle, index), sqlite3_column_bytes(handle, index) == 16 else {
      return (0, 0)
    }
    return (
      UInt64(bigEndian: start.loadUnaligned(as: UInt64.self)),
      UInt64(bigEndian: start.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
    )
  }
}
