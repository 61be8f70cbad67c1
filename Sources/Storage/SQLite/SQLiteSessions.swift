// The sessions' operations but for rotation, which stands in SQLiteRotation.swift.

import SQLite

extension SQLiteStore {
  package func login(
    _ new: NewSession, passwordHash: String, maxPerUser: Int, context: RequestContext
  ) async throws(StoreError) -> SessionAndUser? {
    try await write { (database) throws(SQLiteError) in
      // Asked again here, since the password was checked a while ago: it may have been changed, the user disabled.
      let keys = try database.statement(
        """
        SELECT u.key, c.key FROM user u, client c
        WHERE u.id = ? AND u.disabled_at IS NULL AND u.password_hash = ? AND c.id = ?
        """
      ).first(.id(new.userID), .text(passwordHash), .text(new.clientID)) { row in
        (user: row.integer(0), client: row.integer(1))
      }
      guard let keys else { return nil }
      try endOldest(of: keys.user, leaving: maxPerUser - 1, new.now, database)
      try insert(new, user: keys.user, client: keys.client, database)
      try database.audit(
        AuditEntry(
          event: .login, now: new.now, context: context, userID: new.userID, sessionID: new.id, clientID: new.clientID))
      return try session(new.id, database)
    }
  }

  package func findSession(_ id: UniqueID) async throws(StoreError) -> SessionAndUser? {
    try await read { (database) throws(SQLiteError) in try session(id, database) }
  }

  package func sessions(of user: UniqueID, now: Int64) async throws(StoreError) -> [SessionRecord] {
    try await read { (database) throws(SQLiteError) in
      guard let key = try userKey(user, database) else { return [] }
      return try database.statement("\(sessionQuery) WHERE s.user = ? ORDER BY s.created_at DESC, s.id")
        .all(.integer(key)) { (row) throws(SQLiteError) in try sessionAndUser(row, database).session }
        .filter { $0.isLive(at: now) }
    }
  }

  package func endSession(
    _ id: UniqueID, of user: UniqueID?, reason: RevocationReason, event: AuditEvent, now: Int64, context: RequestContext
  ) async throws(StoreError) -> Bool {
    try await write { (database) throws(SQLiteError) in
      guard let found = try session(id, database), found.session.revokedAt == nil else { return false }
      guard user == nil || user == found.user.id else { return false }
      try revoke(id, reason, now, database)
      try database.audit(
        AuditEntry(
          event: event, now: now, context: context, cause: reason.rawValue, userID: found.user.id, sessionID: id,
          clientID: found.session.clientID))
      return found.session.isLive(at: now)
    }
  }

  package func endSessions(
    of user: UniqueID, reason: RevocationReason, event: AuditEvent, now: Int64, context: RequestContext
  ) async throws(StoreError) -> Int {
    try await write { (database) throws(SQLiteError) in
      guard let key = try userKey(user, database) else { return 0 }
      let ended = try endAllSessions(of: key, keeping: nil, reason, now, database)
      try database.audit(
        AuditEntry(
          event: event, now: now, context: context, cause: reason.rawValue, userID: user, detail: "{\"ended\":\(ended)}"
        ))
      return ended
    }
  }
}

private func insert(_ new: NewSession, user: Int64, client: Int64, _ database: Database) throws(SQLiteError) {
  let (scope, audience) = (try database.intern(new.scope), try database.intern(new.audience))
  let place = new.hasStatus ? try database.newStatusPlace() : nil
  let (amr, agent) = (try database.intern(new.amr), try database.internBounded(new.userAgent))
  try database.statement(
    """
    INSERT INTO session (id, user, client, scope, audience, amr, auth_time, created_at, idle_deadline,
      absolute_deadline, rotated_at, rotated_from, claims_version, confirmation, device, address, user_agent, status)
    VALUES (?, ?, ?, ?, ?, ?, ?7, ?7, ?8, ?9, ?7, ?10, (SELECT claims_version FROM user WHERE key = ?2), ?11, ?12, ?13, ?14,
      ?15)
    """
  ).run(
    .id(new.id), .integer(user), .integer(client), .integer(scope), .integer(audience), .integer(amr),
    .integer(new.now), .integer(new.idleDeadline), .integer(new.absoluteDeadline), .integer(new.addressPrefix),
    .optional(new.confirmation), .optional(new.device), .text(new.address), .optional(agent),
    .optional(place?.number))
}

/// Ends the oldest live sessions of a user until `leaving` are left.
private func endOldest(of user: Int64, leaving: Int, _ now: Int64, _ database: Database) throws(SQLiteError) {
  let live = try database.statement(
    """
    SELECT id FROM session WHERE user = ?1 AND revoked_at IS NULL AND idle_deadline > ?2 AND absolute_deadline > ?2
    ORDER BY created_at DESC, id LIMIT -1 OFFSET ?3
    """
  ).all(.integer(user), .integer(now), .integer(Int64(max(0, leaving)))) { row in row.id(0) }
  for id in live { try revoke(id, .limit, now, database) }
}

/// Marks a session as ended.
func revoke(_ id: UniqueID, _ reason: RevocationReason, _ now: Int64, _ database: Database) throws(SQLiteError) {
  try database.deny(.one(id), now)
  try database.statement("UPDATE session SET revoked_at = ?, revoked_reason = ? WHERE id = ?").run(
    .integer(now), .text(reason.rawValue), .id(id))
}

/// Ends every session of a user but one; how many of them were live. Expired ones are marked as well: where the clock
/// has jumped ahead, they would live again once it is set right.
@discardableResult
func endAllSessions(
  of user: Int64, keeping: UniqueID?, _ reason: RevocationReason, _ now: Int64, _ database: Database
) throws(SQLiteError) -> Int {
  let live = try database.statement(
    """
    SELECT count(*) FROM session
    WHERE user = ?1 AND revoked_at IS NULL AND id IS NOT ?2 AND min(idle_deadline, absolute_deadline) > ?3
    """
  ).first(.integer(user), .id(keeping), .integer(now)) { row in row.integer(0) }
  try database.deny(.user(user, keeping: keeping), now)
  try database.statement(
    "UPDATE session SET revoked_at = ?, revoked_reason = ? WHERE user = ? AND revoked_at IS NULL AND id IS NOT ?"
  ).run(.integer(now), .text(reason.rawValue), .integer(user), .id(keeping))
  return Int(live ?? 0)
}

/// Writes what a rotation changes.
func update(_ session: SessionRecord, _ database: Database) throws(SQLiteError) {
  let statement = try database.statement(.updateSession)
  try statement.bind(.integer(session.idleDeadline), at: 1)
  try statement.bind(.integer(Int64(session.generation)), at: 2)
  try statement.bind(.integer(Int64(session.validFrom)), at: 3)
  try statement.bind(.integer(session.rotatedAt), at: 4)
  try statement.bind(.integer(session.rotatedFrom), at: 5)
  try statement.bind(.integer(session.claimsVersion), at: 6)
  try statement.bind(.integer(Int64(session.retriedElsewhere)), at: 7)
  try statement.bind(.id(session.id), at: 8)
  try statement.run()
}

let rotationUpdate = """
  UPDATE session SET idle_deadline = ?, generation = ?, valid_from = ?, rotated_at = ?, rotated_from = ?,
    claims_version = ?, retried_elsewhere = ? WHERE id = ?
  """

private let sessionQuery = "\(userColumns) \(sessionColumns)"

private let sessionColumns = """
  , s.id, c.id, s.scope, s.audience, s.amr, s.auth_time, s.created_at, s.idle_deadline,
    s.absolute_deadline, s.generation, s.valid_from, s.rotated_at, s.rotated_from, s.claims_version,
    s.retried_elsewhere, s.revoked_at, s.confirmation, s.device, s.address, s.user_agent,
    c.access_ttl, c.idle_ttl, instr(c.grants, '"refresh_token"') > 0, c.kind <> 'public',
    c.require_dpop, c.require_mtls, s.status
  FROM session s JOIN user u ON u.key = s.user JOIN client c ON c.key = s.client
  """

private let sessionByID = "\(sessionQuery) WHERE s.id = ?"

/// Without the password's hash, which no rotation looks at.
let rotationQuery = "\(userColumnsWithoutHash) \(sessionColumns) WHERE s.id = ?"

/// The session with its user; nil when there is none.
func session(_ id: UniqueID, _ database: Database) throws(SQLiteError) -> SessionAndUser? {
  try database.statement(sessionByID).first(.id(id)) { (row) throws(SQLiteError) in try sessionAndUser(row, database) }
}

/// The session with its user, whose password's hash is left out; nil when there is none.
func sessionToRotate(_ id: UniqueID, _ database: Database) throws(SQLiteError) -> SessionAndUser? {
  let statement = try database.statement(.sessionToRotate)
  try statement.bind(.id(id), at: 1)
  return try statement.first { (row) throws(SQLiteError) in try sessionAndUser(row, database) }
}

private func sessionAndUser(_ row: borrowing Row, _ database: Database) throws(SQLiteError) -> SessionAndUser {
  let user = userRecord(row, from: 0)
  let session = SessionRecord(
    id: row.id(9), userID: user.id, clientID: row.text(10), scope: try database.text(row.integer(11)),
    audience: try database.text(row.integer(12)), amr: try database.text(row.integer(13)), authTime: row.integer(14),
    createdAt: row.integer(15), idleDeadline: row.integer(16), absoluteDeadline: row.integer(17),
    generation: UInt32(truncatingIfNeeded: row.integer(18)), validFrom: UInt32(truncatingIfNeeded: row.integer(19)),
    rotatedAt: row.integer(20), rotatedFrom: row.integer(21), claimsVersion: row.integer(22),
    retriedElsewhere: Int(row.integer(23)), revokedAt: row.optionalInteger(24), confirmation: row.optionalBlob(25),
    device: row.optionalText(26), address: row.text(27),
    userAgent: try row.optionalInteger(28).map { (key) throws(SQLiteError) in try database.text(key) },
    clientAccessTTL: row.optionalInteger(29), clientIdleTTL: row.optionalInteger(30),
    clientMayRefresh: row.flag(31), clientIsConfidential: row.flag(32), clientRequiresDPoP: row.flag(33),
    clientRequiresMTLS: row.flag(34), status: row.optionalInteger(35).map { StatusPlace($0) })
  return SessionAndUser(session: session, user: user)
}
