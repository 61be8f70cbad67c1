// What a registration or a change says of a client, as JSON: the admin API's bodies, and what the options of the commands
// come to. A member that is absent changes nothing; null is as if it had never been said (RFC 7396).

package import Identity
package import JSON
package import Storage

/// An edit of a client.
package struct ClientEdit: Sendable {
  private let members: [JSONMember]

  /// The members that an edit may have, but for `client_id`, which only a registration may choose.
  package static let names = [
    "name", "kind", "grants", "audiences", "scopes", "access_ttl", "idle_ttl", "absolute_ttl", "authentication", "jwks",
    "tls_subject", "origins", "require_dpop", "require_mtls", "token_form", "algorithm", "encryption_key", "encryption",
    "claims", "roles_claim", "token_size",
  ]

  /// Throws when a member isn't known: one that is mistyped must not be taken for done.
  package init(_ members: [JSONMember]) throws(ClientError) {
    if let strange = members.first(where: { !Self.names.contains($0.name) }) {
      throw ClientError(Label.text(strange.name, limit: 60), "a client has no such member, or none that can be changed")
    }
    self.members = members
  }

  package var isEmpty: Bool { members.isEmpty }

  private func value(_ name: String) -> JSONValue? { members.first { $0.name == name }?.value }

  /// Does what is said to `client`; whether it is right as a whole is for `ClientRules` to say.
  package func apply(to client: inout ClientRecord) throws(ClientError) {
    if value("name") != nil { client.name = try text("name") ?? "" }
    if value("kind") != nil { try applyKind(to: &client) }
    if value("grants") != nil { client.grants = try list("grants") ?? Self.usualGrants(client) }
    if value("audiences") != nil { client.audiences = try list("audiences") ?? [] }
    if value("scopes") != nil { client.scopes = try list("scopes") ?? [] }
    if value("access_ttl") != nil { client.accessTTL = try seconds("access_ttl") }
    if value("idle_ttl") != nil { client.idleTTL = try seconds("idle_ttl") }
    if value("absolute_ttl") != nil { client.absoluteTTL = try seconds("absolute_ttl") }
    if value("origins") != nil { client.origins = try list("origins") ?? [] }
    if value("require_dpop") != nil { client.requiresDPoP = try flag("require_dpop") }
    if value("require_mtls") != nil { client.requiresMTLS = try flag("require_mtls") }
    try applyAuthentication(to: &client.authentication)
    try applyTokens(to: &client.tokens)
  }

  /// The grants of a client for which none are named.
  package static func usualGrants(_ client: ClientRecord) -> [String] {
    client.isPublic ? [Grant.password, Grant.refreshToken] : [Grant.clientCredentials]
  }

  /// What goes with the other kind goes, unless something else is said of it.
  private func applyKind(to client: inout ClientRecord) throws(ClientError) {
    let kind = try text("kind")
    guard kind == "public" || kind == "confidential" else {
      throw ClientError("kind", "it is public or confidential")
    }
    guard client.isPublic != (kind == "public") else { return }
    client.isPublic = kind == "public"
    client.authentication.method = client.isPublic ? .none : .basic
    client.grants.removeAll { $0 == (client.isPublic ? Grant.clientCredentials : Grant.password) }
  }

  /// What the method doesn't need goes with the method before it; what is named beside it stays, to be refused.
  private func applyAuthentication(to authentication: inout ClientAuthentication) throws(ClientError) {
    if value("authentication") != nil {
      guard let method = ClientAuthentication.Method(rawValue: try text("authentication") ?? "") else {
        let all = ClientAuthentication.Method.allCases.map(\.rawValue).joined(separator: ", ")
        throw ClientError("authentication", "it is one of \(all)")
      }
      authentication.method = method
    }
    let method = authentication.method
    if !method.takesSecret { (authentication.secret, authentication.previousSecret) = (nil, nil) }
    if !method.takesKeys { authentication.jwks = nil }
    if method != .tlsClientAuth { authentication.tlsSubject = nil }
    if let jwks = value("jwks") {
      authentication.jwks = jwks == .null ? nil : try ClientKeySet(registering: jwks).text
    }
    if value("tls_subject") != nil { authentication.tlsSubject = try text("tls_subject") }
  }

  private func applyTokens(to tokens: inout ClientTokens) throws(ClientError) {
    if value("token_form") != nil {
      guard let kind = ClientTokens.Kind(rawValue: try text("token_form") ?? ClientTokens.Kind.jwt.rawValue) else {
        throw ClientError("token_form", "it is jwt or reference")
      }
      tokens.kind = kind
    }
    if value("algorithm") != nil { tokens.algorithm = try text("algorithm").map(TokenForm.registeredName) }
    if let jwk = value("encryption_key") { try applyEncryption(jwk, to: &tokens) }
    if value("encryption") != nil { tokens.contentEncryption = try text("encryption") }
    if let claims = value("claims") { tokens.claims = try Self.claims(claims) }
    if value("roles_claim") != nil {
      let name = try text("roles_claim")
      tokens.rolesClaim = name == ClaimName.roles ? nil : name
    }
    if value("token_size") != nil { tokens.sizeLimit = try integer("token_size").map { Int($0) } }
  }

  private func applyEncryption(_ jwk: JSONValue, to tokens: inout ClientTokens) throws(ClientError) {
    guard jwk != .null else { return (tokens.encryptionKey, tokens.contentEncryption) = (nil, nil) }
    do throws(TokenFormError) {
      let key = try ClientEncryptionKey(registering: jwk)
      tokens.encryptionKey = try key.text
      tokens.contentEncryption = tokens.contentEncryption ?? key.usualContent
    } catch {
      throw ClientError("encryption_key", error.description)
    }
  }

  private static func claims(_ value: JSONValue) throws(ClientError) -> [ClientClaim] {
    if value == .null { return [] }
    guard let members = value.object else { throw ClientError("claims", "it must be an object of strings") }
    var claims: [ClientClaim] = []
    for member in members {
      guard let attribute = member.value.string else { throw ClientError("claims", "it must be an object of strings") }
      claims.append(ClientClaim(name: member.name, attribute: attribute))
    }
    return claims.sorted { $0.name < $1.name }
  }

  private func text(_ name: String) throws(ClientError) -> String? {
    guard let value = value(name), value != .null else { return nil }
    guard let text = value.string else { throw ClientError(name, "it must be a string") }
    return text
  }

  private func flag(_ name: String) throws(ClientError) -> Bool {
    guard let value = value(name), value != .null else { return false }
    guard let flag = value.bool else { throw ClientError(name, "it must be true or false") }
    return flag
  }

  private func integer(_ name: String) throws(ClientError) -> Int64? {
    guard let value = value(name), value != .null else { return nil }
    guard let integer = value.integer else { throw ClientError(name, "it must be a whole number") }
    return integer
  }

  /// Seconds, as milliseconds.
  private func seconds(_ name: String) throws(ClientError) -> Int64? {
    guard let seconds = try integer(name) else { return nil }
    let (product, isTooMuch) = seconds.multipliedReportingOverflow(by: 1000)
    guard !isTooMuch else { throw ClientError(name, "it is too large") }
    return product
  }

  private func list(_ name: String) throws(ClientError) -> [String]? {
    guard let value = value(name), value != .null else { return nil }
    guard let values = value.array else { throw ClientError(name, "it must be an array of strings") }
    var texts: [String] = []
    for value in values {
      guard let text = value.string else { throw ClientError(name, "it must be an array of strings") }
      texts.append(text)
    }
    return texts
  }
}
