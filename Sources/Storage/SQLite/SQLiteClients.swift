// Clients: added, read, changed, deleted.
//
// A change is held against what its author has read, so that two operators at once can't undo each other's, and what
// was checked of the whole client is what comes to stand there.

import SQLite

extension SQLiteStore {
  package func addClient(
    _ client: ClientRecord, macKey: WrappedClientKey?, context: RequestContext
  ) async throws(StoreError) -> Bool {
    try await write { (database) throws(SQLiteError) in
      if let macKey, try !holds(macKey.anchor, database) { return false }
      try database.statement(
        "INSERT INTO client (id, name, kind, first_party, grants, created_at) VALUES (?, ?, ?, ?, '[]', ?)"
      ).run(
        .text(client.id), .text(client.name), .text(client.isPublic ? "public" : "confidential"),
        .flag(client.isFirstParty), .integer(client.createdAt))
      try update(client, database)
      try set(macKey?.wrapped, of: client.id, database)
      try database.audit(
        AuditEntry(event: .clientAdded, now: client.createdAt, context: context, clientID: client.id))
      return true
    }
  }

  package func clients() async throws(StoreError) -> [ClientRecord] {
    try await read { (database) throws(SQLiteError) in
      try database.statement("\(clientColumns) ORDER BY key").all { (row) throws(SQLiteError) in
        try clientRecord(row, database)
      }
    }
  }

  package func changeClient(_ change: ClientChange) async throws(StoreError) -> Bool {
    precondition(change.old.id == change.new.id, "a client keeps its id")
    return try await writer.write { (database) throws(StoreError) in
      let found = try database.attempt { () throws(SQLiteError) in
        try database.statement("\(clientColumns) WHERE id = ?").first(.text(change.old.id)) {
          (row) throws(SQLiteError) in try clientRecord(row, database)
        }
      }
      guard let found else { throw .missing("client") }
      guard found == change.old else { return false }
      return try database.attempt { () throws(SQLiteError) in
        if case .replace(let key) = change.macKey, try !holds(key.anchor, database) { return false }
        try apply(change, database)
        return true
      }
    }
  }

  package func deleteClient(_ id: String, now: Int64, context: RequestContext) async throws(StoreError) {
    try await writer.write { (database) throws(StoreError) in
      let key = try database.attempt { () throws(SQLiteError) in
        try database.statement("SELECT key FROM client WHERE id = ?").first(.text(id)) { row in row.integer(0) }
      }
      guard let key else { throw .missing("client") }
      try database.attempt { () throws(SQLiteError) in
        try database.deny(.client(key), now)
        try database.statement("DELETE FROM client WHERE key = ?").run(.integer(key))
        try database.audit(AuditEntry(event: .clientDeleted, now: now, context: context, clientID: id))
      }
    }
  }
}

private func apply(_ change: ClientChange, _ database: Database) throws(SQLiteError) {
  let names = change.names
  guard !names.isEmpty else { return }
  var new = change.new
  // Rises, whatever the clock does: what was issued before must differ from what is issued after.
  let isTokens = new.tokens != change.old.tokens || change.macKey != .keep
  new.tokens.changedAt = isTokens ? max(change.now, change.old.tokens.changedAt + 1) : change.old.tokens.changedAt
  try update(new, database)
  switch change.macKey {
  case .keep: break
  case .remove: try set(nil, of: new.id, database)
  case .replace(let key): try set(key.wrapped, of: new.id, database)
  }
  let detail = "{\"changed\":[\(names.map { "\"\($0)\"" }.joined(separator: ","))]}"
  try database.audit(
    AuditEntry(event: .clientChanged, now: change.now, context: change.context, clientID: new.id, detail: detail))
}

/// Writes every column that can change, but the MAC key.
private func update(_ client: ClientRecord, _ database: Database) throws(SQLiteError) {
  let (tokens, authentication) = (client.tokens, client.authentication)
  try database.statement(
    """
    UPDATE client SET name = ?, grants = ?, audiences = ?, scopes = ?, access_ttl = ?, idle_ttl = ?, absolute_ttl = ?,
      token_algorithm = ?, encryption_jwk = ?, content_encryption = ?, mac_algorithm = ?, mac_kid = ?, claims = ?,
      roles_claim = ?, token_size = ?, tokens_changed_at = ?, token_form = ?, authentication = ?, secret_digest = ?,
      previous_secret_digest = ?, previous_secret_until = ?, jwks = ?, tls_subject = ?, origins = ?, require_dpop = ?,
      require_mtls = ?, kind = ?
    WHERE id = ?
    """
  ).run(
    .text(client.name), .list(client.grants), .list(client.audiences), .list(client.scopes),
    .optional(client.accessTTL), .optional(client.idleTTL), .optional(client.absoluteTTL),
    .optional(tokens.algorithm), .optional(tokens.encryptionKey), .optional(tokens.contentEncryption),
    .optional(tokens.macKey?.algorithm), .optional(tokens.macKey?.kid), .claims(tokens.claims),
    .optional(tokens.rolesClaim), .optional(tokens.sizeLimit.map(Int64.init)), .integer(tokens.changedAt),
    .text(tokens.kind.rawValue), .text(authentication.method.rawValue), .optional(authentication.secret?.digest),
    .optional(authentication.previousSecret?.digest), .optional(authentication.previousSecret?.until),
    .optional(authentication.jwks), .optional(authentication.tlsSubject), .list(client.origins),
    .flag(client.requiresDPoP), .flag(client.requiresMTLS),
    .text(client.isPublic ? "public" : "confidential"), .text(client.id))
}

private func set(_ macKey: [UInt8]?, of id: String, _ database: Database) throws(SQLiteError) {
  try database.statement("UPDATE client SET mac_key = ? WHERE id = ?").run(.optional(macKey), .text(id))
}

private let clientColumns = """
  SELECT id, name, kind, first_party, grants, audiences, scopes, access_ttl, idle_ttl, absolute_ttl, token_algorithm,
    encryption_jwk, content_encryption, mac_algorithm, mac_kid, claims, roles_claim, token_size, tokens_changed_at,
    created_at, token_form, authentication, secret_digest, previous_secret_digest, previous_secret_until, jwks,
    tls_subject, origins, require_dpop, require_mtls
  FROM client
  """

/// Reads the columns of `clientColumns`.
private func clientRecord(_ row: borrowing Row, _ database: Database) throws(SQLiteError) -> ClientRecord {
  let macAlgorithm = row.optionalText(13)
  let tokens = ClientTokens(
    kind: ClientTokens.Kind(rawValue: row.text(20)) ?? .jwt, algorithm: row.optionalText(10),
    encryptionKey: row.optionalText(11), contentEncryption: row.optionalText(12),
    macKey: macAlgorithm.map { ClientMACKey(kid: row.text(14), algorithm: $0) },
    claims: try claims(row.text(15), database), rolesClaim: row.optionalText(16),
    sizeLimit: row.optionalInteger(17).map { Int($0) }, changedAt: row.integer(18))
  return ClientRecord(
    id: row.text(0), name: row.text(1), isPublic: row.text(2) == "public", isFirstParty: row.flag(3),
    grants: try list(row.text(4), database), audiences: try list(row.text(5), database),
    scopes: try list(row.text(6), database), accessTTL: row.optionalInteger(7), idleTTL: row.optionalInteger(8),
    absoluteTTL: row.optionalInteger(9), tokens: tokens, authentication: authentication(row),
    origins: try list(row.text(27), database), requiresDPoP: row.flag(28), requiresMTLS: row.flag(29),
    createdAt: row.integer(19))
}

/// A method that something else wrote is none that can succeed: a confidential client without a secret.
private func authentication(_ row: borrowing Row) -> ClientAuthentication {
  let previous = row.optionalBlob(23).map { digest in
    ClientAuthentication.Secret(digest: digest, until: row.optionalInteger(24))
  }
  return ClientAuthentication(
    method: ClientAuthentication.Method(rawValue: row.text(21)) ?? .none,
    secret: row.optionalBlob(22).map { ClientAuthentication.Secret(digest: $0) }, previousSecret: previous,
    jwks: row.optionalText(25), tlsSubject: row.optionalText(26))
}

/// The members of a JSON array of strings, by SQLite's own reader.
private func list(_ json: String, _ database: Database) throws(SQLiteError) -> [String] {
  if json == "[]" { return [] }
  return try database.statement("SELECT value FROM json_each(?)").all(.text(json)) { row in row.text(0) }
}

/// The members of a JSON object of strings, by name.
private func claims(_ json: String, _ database: Database) throws(SQLiteError) -> [ClientClaim] {
  if json == "{}" { return [] }
  return try database.statement("SELECT key, value FROM json_each(?) ORDER BY key").all(.text(json)) { row in
    ClientClaim(name: row.text(0), attribute: row.text(1))
  }
}

extension Value {
  /// A list as a JSON array. Registered names hold no quote, backslash or control character (see Identity's rules).
  fileprivate static func list(_ values: [String]) -> Value {
    .text("[" + values.map { "\"\($0)\"" }.joined(separator: ",") + "]")
  }

  /// Claims as a JSON object; the same rules hold for their names.
  fileprivate static func claims(_ claims: [ClientClaim]) -> Value {
    .text("{" + claims.map { "\"\($0.name)\":\"\($0.attribute)\"" }.joined(separator: ",") + "}")
  }
}
