// The denylist's rows: what is to be refused though it hasn't expired, each written in the transaction that ends it.
//
// Only what a service might still take gets a row. When the last access token of a session expires follows from its row: it
// was issued with the latest rotation or, again, to a retry of that, for which there is half a token's life at most; but
// for a session that is bound to a key, which may retry at any time. A row that was put back, with an older copy of the
// database, knows nothing of tokens that were issued since; those are older than this process's opening of the store, which
// therefore counts as a rotation.
//
// Whether that has passed isn't asked of the clock alone: one that is ahead would leave out rows of tokens that live again
// once it is set back. Left out is what the sweep, which trusts no clock before it has settled, would delete at once.

import SQLite

extension SQLiteStore {
  package func denyToken(_ token: TokenDenial) async throws(StoreError) -> Bool {
    try await write { (database) throws(SQLiteError) in
      let expiry = token.expiresAt + Denial.leeway
      guard try database.mayLive(until: expiry, token.now) else { return false }
      let audience = try token.audience.map { (text) throws(SQLiteError) in try database.intern(text) }
      // The bit is of the place that the token names. The session's other tokens that are out name it too, and it stays set
      // for as long as any of them lives; a refresh gives one that names another. A place that the session has left already
      // was denied in that way with an earlier token, and the session keeps the place that it has, which innocent tokens name.
      let present = try token.sessionID.flatMap { (id) throws(SQLiteError) -> UniqueID? in
        let place = try database.statusPlace(of: id)
        return place != nil && place == token.status ? id : nil
      }
      let last = try present.map { (id) throws(SQLiteError) in try database.lastExpiry(of: id, token.now) } ?? 0
      guard try database.deny(2, .id(token.id), audience, token.now, max(expiry, last), token.status) else {
        return false
      }
      if let present { _ = try database.renewStatusPlace(of: present) }
      try database.audit(
        AuditEntry(
          event: .tokenRevoked, now: token.now, context: token.context, userID: token.userID,
          sessionID: token.sessionID, clientID: token.clientID))
      return true
    }
  }

  package func isDenied(_ token: DeniableToken) async throws(StoreError) -> Bool {
    try await read { (database) throws(SQLiteError) in
      try database.statement(
        """
        SELECT EXISTS (SELECT 1 FROM denied WHERE kind = 2 AND id = ?1) OR EXISTS (
          SELECT 1 FROM denied WHERE kind = 1 AND id = ?2 AND (valid_from = 0 OR valid_from > ?3))
        """
      ).first(.id(token.id), .id(token.session), .integer(Int64(token.generation))) { row in row.flag(0) } ?? false
    }
  }

  package func denials(after sequence: Int64, limit: Int) async throws(StoreError) -> [Denial] {
    try await read { (database) throws(SQLiteError) in try database.denials(after: sequence, limit: limit) }
  }

  package func followDenials(
    after sequence: Int64, _ listener: @escaping @Sendable ([Denial]) -> Void
  ) async throws(StoreError) {
    try await write { (database) throws(SQLiteError) in database.follow(after: sequence, listener) }
  }

  package func announceDenials() async throws(StoreError) {
    try await write { (database) throws(SQLiteError) in database.mayHaveDenials() }
  }

  package func sweepDenials(
    after cursor: Int64, before: Int64, step: SweepStep
  ) async throws(StoreError) -> DenialsSwept {
    // Before anything goes: what comes in meanwhile is not to be what has gone.
    if cursor == 0 { try await write { (database) throws(SQLiteError) in try database.noteSweep(before) } }
    let rows = try await read { (database) throws(SQLiteError) in
      try database.statement(
        "SELECT seq, expires_at < ? AND seq < (SELECT max(seq) FROM denied) FROM denied WHERE seq > ? ORDER BY seq LIMIT ?"
      ).all(.integer(before), .integer(cursor), .integer(Int64(step.rows))) { row in
        (sequence: row.integer(0), isOver: row.flag(1))
      }
    }
    let over = rows.filter(\.isOver).prefix(step.removals).map(\.sequence)
    if !over.isEmpty {
      try await write { (database) throws(SQLiteError) in
        for sequence in over {
          try database.statement("DELETE FROM denied WHERE seq = ?").run(.integer(sequence))
        }
      }
    }
    // The rest of what was looked at is looked at again.
    if over.count == step.removals { return DenialsSwept(removed: over.count, next: over.last) }
    return DenialsSwept(removed: over.count, next: rows.count < step.rows ? nil : rows.last?.sequence)
  }
}

/// The sessions that an operation ends.
enum EndedSessions {
  case one(UniqueID)
  /// A user's, but for one.
  case user(Int64, keeping: UniqueID?)
  case client(Int64)

  fileprivate var values: (Value, Value) {
    switch self {
    case .one(let id): (.id(id), .null)
    case .user(let key, let keeping): (.integer(key), .id(keeping))
    case .client(let key): (.integer(key), .null)
    }
  }

  fileprivate func denial(_ database: Database) throws(SQLiteError) -> Statement {
    switch self {
    case .one: try database.statement(.denySession)
    case .user: try database.statement(denialOfUser)
    case .client: try database.statement(denialOfClient)
    }
  }
}

let denialOfOne = denial(of: "id = ?4")
private let denialOfUser = denial(of: "user = ?4 AND id IS NOT ?5")
private let denialOfClient = denial(of: "client = ?4")

let denialQuery = """
  SELECT seq, kind, id, valid_from, audience, denied_at, expires_at, status FROM denied WHERE seq > ?
  ORDER BY seq LIMIT ?
  """

/// What expired before this has been swept; 0 before the first sweep.
private let swept = "coalesce((SELECT value FROM meta WHERE name = 'denials_swept'), 0)"

/// When the last access token of a session expires, for services whose clocks are behind too. `?1` is now, `?2` when the store
/// was opened. A clock that was set back since the latest rotation is of no matter: that one's token lives on from its own time.
private let lastExpiry = """
  \(Denial.leeway) + min(absolute_deadline, (SELECT max(token_lifetime) FROM signing_key) + max(
    ?2, rotated_at, iif(confirmation IS NULL, min(?1, rotated_at + (SELECT max(token_lifetime) FROM signing_key) / 2), ?1)))
  """

/// The statement which denies the sessions that aren't ended yet and of which a token may live; `?3` is the first generation
/// that stays good.
private func denial(of sessions: String) -> String {
  """
  INSERT INTO denied (kind, id, valid_from, audience, denied_at, expires_at, status)
  SELECT 1, id, ?3, audience, ?1, expiry, status FROM (
    SELECT id, audience, status, \(lastExpiry) AS expiry FROM session WHERE revoked_at IS NULL AND \(sessions))
  WHERE expiry > min(?1, \(swept))
  ON CONFLICT DO NOTHING
  """
}

extension Database {
  /// Denies the access tokens of sessions that are about to end, or those of generations before `validFrom`. It looks at
  /// `revoked_at`: so the rows of the sessions are changed after this.
  func deny(_ sessions: EndedSessions, validFrom: UInt32 = 0, _ now: Int64) throws(SQLiteError) {
    let statement = try sessions.denial(self)
    let (first, second) = sessions.values
    try statement.bind(.integer(now), at: 1)
    try statement.bind(.integer(openedAt), at: 2)
    try statement.bind(.integer(Int64(validFrom)), at: 3)
    try statement.bind(first, at: 4)
    if case .user = sessions { try statement.bind(second, at: 5) }
    try statement.run()
    if connection.changes > 0 { mayHaveDenials() }
  }

  /// When the last access token of a session expires that is out, with the leeway.
  fileprivate func lastExpiry(of session: UniqueID, _ now: Int64) throws(SQLiteError) -> Int64 {
    try statement("SELECT \(Storage.lastExpiry) FROM session WHERE id = ?3").first(
      .integer(now), .integer(openedAt), .id(session)
    ) { row in row.integer(0) } ?? 0
  }

  /// Whether what expires at `expiry` may not have expired yet.
  fileprivate func mayLive(until expiry: Int64, _ now: Int64) throws(SQLiteError) -> Bool {
    try statement("SELECT ? > min(?, \(swept))").first(.integer(expiry), .integer(now)) { row in row.flag(0) } ?? true
  }

  fileprivate func noteSweep(_ before: Int64) throws(SQLiteError) {
    try statement(
      "INSERT INTO meta (name, value) VALUES ('denials_swept', ?) ON CONFLICT DO UPDATE SET value = excluded.value"
    ).run(.integer(before))
  }

  /// Denies what a revoked key has signed.
  func deny(key kid: String, _ now: Int64) throws(SQLiteError) {
    let lifetime = try statement("SELECT token_lifetime FROM signing_key WHERE kid = ?").first(.text(kid)) { row in
      row.integer(0)
    }
    let expiry = now + max((lifetime ?? 0) + Denial.leeway, Denial.keyPeriod)
    _ = try deny(3, .blob(Array(kid.utf8)), nil, now, expiry)
  }

  /// Adds a row; false when it is there already.
  fileprivate func deny(
    _ kind: Int64, _ id: Value, _ audience: Int64?, _ now: Int64, _ expiry: Int64, _ place: StatusPlace? = nil
  ) throws(SQLiteError) -> Bool {
    try statement(
      """
      INSERT INTO denied (kind, id, audience, denied_at, expires_at, status) VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT DO NOTHING
      """
    ).run(.integer(kind), id, .optional(audience), .integer(now), .integer(expiry), .optional(place?.number))
    guard connection.changes > 0 else { return false }
    mayHaveDenials()
    return true
  }

  /// The rows after one, oldest first.
  func denials(after sequence: Int64, limit: Int) throws(SQLiteError) -> [Denial] {
    try statement(.denials).all(.integer(sequence), .integer(Int64(limit))) { (row) throws(SQLiteError) in
      let audience = try row.optionalInteger(4).map { (key) throws(SQLiteError) in try text(key) }
      return Denial(
        sequence: row.integer(0), subject: subject(row), audience: audience, deniedAt: row.integer(5),
        expiresAt: row.integer(6), status: row.optionalInteger(7).map { StatusPlace($0) })
    }
  }

  private func subject(_ row: borrowing Row) -> Denial.Subject {
    switch row.integer(1) {
    case 1: .session(row.id(2), validFrom: row.integer(3) == 0 ? nil : UInt32(truncatingIfNeeded: row.integer(3)))
    case 2: .token(row.id(2))
    default: .key(String(decoding: row.blob(2), as: UTF8.self))
    }
  }
}
