// Rotating a refresh token: read the row, decide, write the row. One UPDATE, no row added, all in the writer's transaction.

import SQLite

extension SQLiteStore {
  package func rotate(_ request: RotationRequest) async throws(StoreError) -> Rotation {
    try await write { (database) throws(SQLiteError) in
      guard let found = try sessionToRotate(request.session, database) else { return .refused(.unknownSession) }
      let policy = request.policy.adjusted(
        accessTTL: found.session.clientAccessTTL, idleTTL: found.session.clientIdleTTL)
      let decision = RefreshDecision.decide(RefreshState(found), request.presented, policy)
      switch decision {
      case .rotate(let ahead): return try advance(found, request, policy, ahead: ahead, database)
      case .retry(let elsewhere): return try retry(found, request, elsewhere: elsewhere, database)
      case .refuse(let refusal): return .refused(refusal)
      case .reuse: return try end(found, request, database)
      }
    }
  }
}

private func advance(
  _ found: SessionAndUser, _ request: RotationRequest, _ policy: RefreshPolicy, ahead: Bool, _ database: Database
) throws(SQLiteError) -> Rotation {
  var session = found.session
  let now = request.presented.now
  session.generation = request.presented.generation + 1
  session.rotatedAt = now
  session.rotatedFrom = request.presented.addressPrefix
  session.idleDeadline = min(now + policy.idleTTL, session.absoluteDeadline)
  session.claimsVersion = found.user.claimsVersion
  session.retriedElsewhere = 0
  try update(session, database)
  if ahead {
    let behind = request.presented.generation - found.session.generation
    try audit(.ahead, found, request, detail: "{\"generations\":\(behind)}", database)
  }
  return .rotated(SessionAndUser(session: session, user: found.user), ahead: ahead)
}

private func retry(
  _ found: SessionAndUser, _ request: RotationRequest, elsewhere: Bool, _ database: Database
) throws(SQLiteError) -> Rotation {
  guard elsewhere else { return .retried(found, elsewhere: false) }
  try database.statement("UPDATE session SET retried_elsewhere = retried_elsewhere + 1 WHERE id = ?").run(
    .id(found.session.id))
  // The first of a row tells everything; a client which repeats itself can't fill the trail.
  if found.session.retriedElsewhere == 0 { try audit(.retriedElsewhere, found, request, detail: nil, database) }
  var counted = found
  counted.session.retriedElsewhere += 1
  return .retried(counted, elsewhere: true)
}

private func end(
  _ found: SessionAndUser, _ request: RotationRequest, _ database: Database
) throws(SQLiteError) -> Rotation {
  let distance = Int(found.session.generation) - Int(request.presented.generation)
  let age = request.presented.now - found.session.rotatedAt
  try revoke(found.session.id, .reuse, request.presented.now, database)
  try audit(.reuse, found, request, detail: "{\"distance\":\(distance),\"age_ms\":\(age)}", database)
  return .reused(userID: found.user.id, distance: distance, age: age)
}

private func audit(
  _ event: AuditEvent, _ found: SessionAndUser, _ request: RotationRequest, detail: String?, _ database: Database
) throws(SQLiteError) {
  try database.audit(
    AuditEntry(
      event: event, now: request.presented.now, context: request.context, userID: found.user.id,
      sessionID: found.session.id, clientID: found.session.clientID, detail: detail))
}

extension RefreshState {
  init(_ found: SessionAndUser) {
    self.init(
      clientID: found.session.clientID, scope: found.session.scope, confirmation: found.session.confirmation,
      clientMayRefresh: found.session.clientMayRefresh, clientIsConfidential: found.session.clientIsConfidential,
      clientRequiresDPoP: found.session.clientRequiresDPoP, clientRequiresMTLS: found.session.clientRequiresMTLS,
      userActive: found.user.isActive, revoked: found.session.revokedAt != nil,
      idleDeadline: found.session.idleDeadline,
      absoluteDeadline: found.session.absoluteDeadline, generation: found.session.generation,
      validFrom: found.session.validFrom, rotatedAt: found.session.rotatedAt, rotatedFrom: found.session.rotatedFrom,
      retriedElsewhere: found.session.retriedElsewhere)
  }
}
