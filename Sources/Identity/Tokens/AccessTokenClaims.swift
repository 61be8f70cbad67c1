// The claims of an access token: those of RFC 9068, and what the client is configured for.
//
// They are written once for every token, so what doesn't change stands ready as bytes, and the roles are copied from the
// row after a look at them.

import JSON
import Storage

/// What an access token is made from. Times are milliseconds since 1970.
struct AccessTokenContent {
  let session: SessionRecord
  let user: UserRecord
  /// What this token is for; narrower than the session's when the client asked for that.
  let scope: String
  /// Whether the issuer stands in `aud` too, as it does for first-party clients only.
  let isFirstParty: Bool
  let issuedAt: Int64
  let ttl: Int64

  /// When it expires: never after the session's absolute deadline.
  var expiresAt: Int64 { min(issuedAt + ttl, session.absoluteDeadline) }
}

/// Writes the claims of one issuer's access tokens.
struct AccessTokenClaims {
  private let issuer: String
  /// `"iss":"…"`
  let opening: [UInt8]

  init(issuer: String) {
    self.issuer = issuer
    var json = JSONWriter()
    json.member("iss", issuer)
    opening = json.bytes
  }

  /// Writes the claims as an object (RFC 9068 section 2.2).
  /// - Parameter identifier: the `jti`, in characters which JSON takes as they are.
  func write(
    _ content: AccessTokenContent, identifier: [UInt8], _ form: TokenForm, into json: inout JSONWriter
  ) {
    let session = content.session
    json.beginObject()
    json.value(encoded: opening)
    json.member("sub", content.user.id.description)
    if content.isFirstParty {
      json.name("aud")
      json.beginArray()
      json.value(session.audience)
      json.value(issuer)
      json.endArray()
    } else {
      json.member("aud", session.audience)
    }
    json.member("exp", content.expiresAt / 1000)
    json.member("iat", content.issuedAt / 1000)
    json.name("jti")
    json.value(text: identifier)
    json.member("client_id", session.clientID)
    json.member("sid", session.id.description)
    json.member("auth_time", session.authTime / 1000)
    writeMethods(session.amr, into: &json)
    if !content.scope.isEmpty { json.member("scope", content.scope) }
    writeRoles(content.user.roles, form, into: &json)
    if let place = session.status { write(place, into: &json) }
    if let confirmation = session.confirmation { Confirmation(stored: confirmation)?.write(into: &json) }
    for claim in form.claims { write(claim, content.user, into: &json) }
    json.endObject()
  }

  /// draft-ietf-oauth-status-list-21 section 6.2.
  private func write(_ place: StatusPlace, into json: inout JSONWriter) {
    json.name("status")
    json.beginObject()
    json.name("status_list")
    json.beginObject()
    json.member("idx", place.index)
    json.member("uri", StatusLists.uri(of: place.list, issuer))
    json.endObject()
    json.endObject()
  }

  private func writeMethods(_ amr: String, into json: inout JSONWriter) {
    json.name("amr")
    json.beginArray()
    if amr.utf8.contains(UInt8(ascii: " ")) {
      for method in amr.split(separator: " ") { json.value(String(method)) }
    } else {
      json.value(amr)
    }
    json.endArray()
  }

  /// Signet's own roles stay in `roles` whatever the client calls the others: they mean something to Signet alone, which
  /// reads them there and nowhere else.
  private func writeRoles(_ roles: String, _ form: TokenForm, into json: inout JSONWriter) {
    if roles == "[]" { return }
    guard let name = form.rolesName else {
      json.name("roles")
      if RoleList.isPlain(roles) { json.value(encoded: roles) } else { json.value(RoleList.read(roles)) }
      return
    }
    let all = RoleList.read(roles)
    let own = all.filter(RoleList.isOwn)
    if !own.isEmpty { json.member("roles", own) }
    write(all.filter { !RoleList.isOwn($0) }, name, into: &json)
  }

  private func write(_ roles: [String], _ name: [UInt8], into json: inout JSONWriter) {
    guard !roles.isEmpty else { return }
    json.name(encoded: name)
    json.value(roles)
  }

  private func write(_ claim: TokenForm.Claim, _ user: UserRecord, into json: inout JSONWriter) {
    switch claim.attribute {
    case .id:
      json.name(encoded: claim.name)
      json.value(user.id.description)
    case .username:
      json.name(encoded: claim.name)
      json.value(user.username)
    case .email:
      guard let email = user.email else { return }
      json.name(encoded: claim.name)
      json.value(email)
    case .emailVerified:
      guard user.email != nil else { return }
      json.name(encoded: claim.name)
      json.value(user.emailVerified)
    case .roles: write(RoleList.read(user.roles).filter { !RoleList.isOwn($0) }, claim.name, into: &json)
    case .createdAt:
      json.name(encoded: claim.name)
      json.value(user.createdAt / 1000)
    }
  }
}
