// A connection with what every operation needs of it: SQLite's errors in the store's words, transactions, interned
// texts, the audit chain. Confined to one thread, as its connection is.

import SQLite

/// A thread's view of the database.
final class Database {
  let connection: Connection
  private let digest: SHA256
  private var held = [Statement?](repeating: nil, count: Hot.allCases.count)
  private var textOfKey: [Int64: String] = [:]
  /// By bytes, as the table has them: equal Strings may be different texts (the Kelvin sign and K).
  private var keyOfText: [[UInt8]: Int64] = [:]
  /// Nil where nobody follows the denylist: in a command, on a reader.
  private var follower: DenialFollower?
  /// Whether there may be rows of the denylist that the follower doesn't know.
  private var hasDenials = false
  /// Beyond this many, user agents are no longer kept: a client which makes one up for each login can't fill the store.
  private static let maximumTexts = 50_000

  /// When the store was opened, in milliseconds since 1970.
  let openedAt: Int64

  init(_ connection: Connection, digest: @escaping SHA256, openedAt: Int64 = 0) {
    self.connection = connection
    self.digest = digest
    self.openedAt = openedAt
  }

  /// Statements which every rotation or logout runs, held by their place: looking one up by its text hashes and compares
  /// that.
  enum Hot: Int, CaseIterable {
    case begin, commit, sessionToRotate, updateSession, denySession, denials

    var sql: String {
      switch self {
      // IMMEDIATE: a deferred one would fail in the middle, when it finds that somebody else has written.
      case .begin: "BEGIN IMMEDIATE"
      case .commit: "COMMIT"
      case .sessionToRotate: rotationQuery
      case .updateSession: rotationUpdate
      case .denySession: denialOfOne
      case .denials: denialQuery
      }
    }
  }

  /// The prepared statement for `hot`.
  func statement(_ hot: Hot) throws(SQLiteError) -> Statement {
    if let held = held[hot.rawValue] { return held }
    let statement = try connection.statement(hot.sql)
    held[hot.rawValue] = statement
    return statement
  }

  /// The prepared statement for `sql`.
  func statement(_ sql: String) throws(SQLiteError) -> Statement { try connection.statement(sql) }

  /// Runs `body` with SQLite's errors turned into the store's.
  func attempt<Result>(_ body: () throws(SQLiteError) -> Result) throws(StoreError) -> Result {
    do { return try body() } catch { throw StoreError(error) }
  }

  /// Runs `body` in one transaction; durable when this returns, undone when it throws.
  func transaction<Result>(_ body: (Database) throws(StoreError) -> Result) throws(StoreError) -> Result {
    do throws(StoreError) {
      try attempt { () throws(SQLiteError) in try statement(.begin).run() }
      let result = try body(self)
      try attempt { () throws(SQLiteError) in try statement(.commit).run() }
      return result
    } catch {
      if connection.inTransaction { try? connection.execute("ROLLBACK") }
      // Keys which were interned in the undone transaction don't exist.
      textOfKey.removeAll()
      keyOfText.removeAll()
      throw error
    }
  }

  /// Tells `listener` of every row of the denylist after this one.
  func follow(after sequence: Int64, _ listener: @escaping @Sendable ([Denial]) -> Void) {
    follower = DenialFollower(after: sequence, listener)
    mayHaveDenials()
  }

  /// Has the follower told of what is new, once the transaction is durable.
  func mayHaveDenials() { hasDenials = follower != nil }

  /// What the follower is to be told first after the transaction.
  func newDenials() throws(StoreError) -> [Denial] {
    guard hasDenials, let follower else { return [] }
    return try attempt { () throws(SQLiteError) in try follower.read(self) }
  }

  /// Tells the follower these rows and all that come after them; the transaction in which they were read is durable. When
  /// this throws, the rest is told after the next one.
  func tell(_ denials: [Denial]) throws(StoreError) {
    var rows = denials
    while follower?.tell(rows) == true { rows = try newDenials() }
    hasDenials = false
  }

  /// The number under which `text` is kept.
  func intern(_ text: String) throws(SQLiteError) -> Int64 {
    if let key = keyOfText[Array(text.utf8)] { return key }
    let found = try statement("SELECT key FROM text WHERE value = ?").first(.text(text)) { row in row.integer(0) }
    let key: Int64
    if let found {
      key = found
    } else {
      try statement("INSERT INTO text (value) VALUES (?)").run(.text(text))
      key = connection.lastRowID
    }
    remember(text, key)
    return key
  }

  /// Like `intern`, for texts that strangers choose: nil once there are too many.
  func internBounded(_ text: String?) throws(SQLiteError) -> Int64? {
    guard let text else { return nil }
    if let key = keyOfText[Array(text.utf8)] { return key }
    let count = try statement("SELECT max(key) FROM text").first { row in row.integer(0) } ?? 0
    guard count < Self.maximumTexts else { return nil }
    return try intern(text)
  }

  /// The text kept under `key`.
  func text(_ key: Int64) throws(SQLiteError) -> String {
    if let text = textOfKey[key] { return text }
    let text = try statement("SELECT value FROM text WHERE key = ?").first(.integer(key)) { row in row.text(0) } ?? ""
    remember(text, key)
    return text
  }

  private func remember(_ text: String, _ key: Int64) {
    if textOfKey.count >= 4096 {
      textOfKey.removeAll()
      keyOfText.removeAll()
    }
    textOfKey[key] = text
    keyOfText[Array(text.utf8)] = key
  }

  /// Adds a row to the audit trail, chained to the last one.
  func audit(_ entry: AuditEntry) throws(SQLiteError) {
    let last = try statement("SELECT seq, digest FROM audit ORDER BY seq DESC LIMIT 1").first { row in
      (row.integer(0), row.blob(1))
    }
    let previous = last?.1 ?? [UInt8](repeating: 0, count: 32)
    let sequence = (last?.0 ?? 0) + 1
    let record = entry.record(sequence: sequence, previous: previous, digest: [])
    try statement(
      """
      INSERT INTO audit (seq, at, event, cause, actor, user, session, client, address, request, detail, previous, digest)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """
    ).run(
      .integer(sequence), .integer(record.at), .text(record.event), .optional(record.cause), .text(record.actor),
      .id(record.userID), .id(record.sessionID), .optional(record.clientID), .optional(record.address),
      .optional(record.requestID), .optional(record.detail), .blob(previous), .blob(digest(record.chained)))
  }
}

/// SHA-256, which the store is given: it knows no cryptography of its own.
package typealias SHA256 = @Sendable ([UInt8]) -> [UInt8]

/// An audit row before it has its place in the chain.
struct AuditEntry {
  let event: AuditEvent
  let now: Int64
  let context: RequestContext
  var cause: String?
  var userID: UniqueID?
  var sessionID: UniqueID?
  var clientID: String?
  var detail: String?

  func record(sequence: Int64, previous: [UInt8], digest: [UInt8]) -> AuditRecord {
    AuditRecord(
      sequence: sequence, at: now, event: event.rawValue, cause: cause, actor: context.actor, userID: userID,
      sessionID: sessionID, clientID: clientID, address: context.address, requestID: context.requestID, detail: detail,
      previous: previous, digest: digest)
  }
}

extension Value {
  /// An identifier as 16 bytes, or NULL.
  static func id(_ id: UniqueID?) -> Value { id.map { .words($0.high, $0.low) } ?? .null }
}

extension Row {
  /// Column `index` as an identifier.
  func id(_ index: Int32) -> UniqueID {
    let (high, low) = words(index)
    return UniqueID(high: high, low: low)
  }
}

extension StoreError {
  init(_ error: SQLiteError) {
    switch error.kind {
    case .full: self = .full
    case .readOnly, .cantOpen: self = .readOnly
    case .busy: self = .busy
    case .constraint where error.message.contains("user.username_key"): self = .exists("username")
    case .constraint where error.message.contains("user.email_key"): self = .exists("email")
    case .constraint where error.message.contains("client.id"): self = .exists("client")
    case .corrupt: self = .failed("the database is damaged (\(error)); restore a backup")
    default: self = .failed(error.description)
    }
  }
}
