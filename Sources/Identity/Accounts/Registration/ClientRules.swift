// What may be registered of a client: every rule, for the command line and the admin API alike.

package import JOSE
import JSON
package import Storage

/// Why a client can't be registered so: the member, in the words of the API and of the options, and the reason.
package struct ClientError: Error, Sendable, Equatable, CustomStringConvertible {
  package let member: String
  package let why: String

  package init(_ member: String, _ why: String) { (self.member, self.why) = (member, why) }

  package var description: String { "\(member): \(why)" }
}

/// The rules, as far as they depend on the issuer.
package struct ClientRules {
  /// Nil where only the server will find it out.
  let issuer: String?
  /// The audience of clients which have none registered.
  let audience: String
  let offers: [SignatureAlgorithm]
  let usual: SignatureAlgorithm
  /// Whether the refresh token's cookie goes to pages of other sites.
  let cookiesCrossSites: Bool

  package init(
    issuer: String?, audience: String, offers: [SignatureAlgorithm], usual: SignatureAlgorithm, cookiesCrossSites: Bool
  ) {
    (self.issuer, self.audience, self.offers, self.usual) = (issuer, audience, offers, usual)
    self.cookiesCrossSites = cookiesCrossSites
  }

  /// Bytes that a client's id and name may have.
  private static let idLimit = 64
  private static let nameLimit = 100
  /// Values that a list may have, and bytes that each of them may.
  private static let listLimit = 100
  private static let valueLimit = 200
  /// Milliseconds: as the configuration's own bounds.
  private static let accessTTLs: ClosedRange<Int64> = 1000...86_400_000
  private static let sessionTTLs: ClosedRange<Int64> = 1000...315_360_000_000

  /// Throws the first reason against a client.
  package func check(_ client: ClientRecord) throws(ClientError) {
    guard Role.isName(client.id, limit: Self.idLimit) else {
      throw ClientError("client_id", "it takes 1 to \(Self.idLimit) letters, digits and ._:-")
    }
    guard Username(client.name) != nil, client.name.utf8.count <= Self.nameLimit else {
      throw ClientError("name", "it has 1 to \(Self.nameLimit) bytes without control characters")
    }
    try checkGrants(client)
    try checkLists(client)
    try checkLifetimes(client)
    try checkAuthentication(client)
    try checkBinding(client)
    try checkTokens(client)
  }

  private func checkGrants(_ client: ClientRecord) throws(ClientError) {
    if client.id == ClientRecord.builtIn, !client.isPublic {
      throw ClientError("kind", "the client \(client.id) is built in: requests that name no client are its own")
    }
    for grant in client.grants where !Grant.all.contains(grant) {
      throw ClientError("grants", "\(Self.shown(grant)) isn't one of \(Grant.all.joined(separator: ", "))")
    }
    guard Set(client.grants).count == client.grants.count else { throw ClientError("grants", "one is given twice") }
    // RFC 6749 section 4.4.
    if client.isPublic, client.grants.contains(Grant.clientCredentials) {
      throw ClientError("grants", "client_credentials is for confidential clients: a public one can prove nothing")
    }
    if !client.isPublic, client.grants.contains(Grant.password) {
      throw ClientError("grants", "password is for public clients, at /v1/login")
    }
  }

  private func checkLists(_ client: ClientRecord) throws(ClientError) {
    for (member, values) in [("audiences", client.audiences), ("scopes", client.scopes)] {
      guard values.count <= Self.listLimit else { throw ClientError(member, "there are more than \(Self.listLimit)") }
      // RFC 6749 section 3.3: visible ASCII but for the quote and the backslash.
      for value in values {
        let isGood = value.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != 0x22 && $0 != 0x5c }
        guard isGood, (1...Self.valueLimit).contains(value.utf8.count) else {
          throw ClientError(member, "\(Self.shown(value)) can't be one: visible ASCII without quotes and backslashes")
        }
      }
      guard Set(values).count == values.count else { throw ClientError(member, "one is given twice") }
    }
    if let issuer, let bad = client.audiences.first(where: { $0 == issuer || $0.hasPrefix(issuer + "/") }) {
      throw ClientError("audiences", "\(bad) is the issuer's own; name the services' API")
    }
    guard client.origins.count <= Self.listLimit else {
      throw ClientError("origins", "there are more than \(Self.listLimit)")
    }
    for origin in client.origins where !OriginSyntax.isValid(origin) {
      throw ClientError(
        "origins",
        "\(Self.shown(origin)) isn't one as browsers send it: https://host or https://host:port, in lower "
          + "case, without a path; http:// for localhost alone")
    }
    for origin in client.origins {
      // A server refuses to start with such an origin.
      guard let issuer,
        let why = PageOrigins.objection(to: origin, issuer: issuer, cookiesCrossSites: cookiesCrossSites)
      else { continue }
      throw ClientError("origins", why)
    }
    guard Set(client.origins).count == client.origins.count else { throw ClientError("origins", "one is given twice") }
    if !client.isPublic, !client.origins.isEmpty {
      throw ClientError("origins", "they are for public clients: a page can keep no secret")
    }
  }

  private func checkLifetimes(_ client: ClientRecord) throws(ClientError) {
    for (member, duration, range) in [
      ("access_ttl", client.accessTTL, Self.accessTTLs), ("idle_ttl", client.idleTTL, Self.sessionTTLs),
      ("absolute_ttl", client.absoluteTTL, Self.sessionTTLs),
    ] {
      guard let duration, !range.contains(duration) || duration % 1000 != 0 else { continue }
      throw ClientError(
        member, "it takes whole seconds from \(range.lowerBound / 1000) to \(range.upperBound / 1000)")
    }
    if let idle = client.idleTTL, let absolute = client.absoluteTTL, idle > absolute {
      throw ClientError("idle_ttl", "it is more than absolute_ttl")
    }
  }

  private func checkAuthentication(_ client: ClientRecord) throws(ClientError) {
    let authentication = client.authentication
    guard client.isPublic == (authentication.method == .none) else {
      throw ClientError(
        "authentication",
        client.isPublic
          ? "a public client has none; make it confidential" : "a confidential client needs a method other than none")
    }
    if authentication.method.takesKeys {
      guard let jwks = authentication.jwks else {
        throw ClientError("jwks", "\(authentication.method.rawValue) needs the client's public keys")
      }
      _ = try ClientKeySet(stored: jwks)
    } else if authentication.jwks != nil {
      throw ClientError("jwks", "keys go with private_key_jwt and self_signed_tls_client_auth alone")
    }
    if authentication.method == .tlsClientAuth {
      guard let subject = authentication.tlsSubject else {
        throw ClientError("tls_subject", "tls_client_auth needs the name in the client's certificate")
      }
      guard CertificateSubject(subject) != nil else {
        throw ClientError(
          "tls_subject",
          "it is dn:, dns:, uri:, ip: or email: and a name, such as dns:shop.example or dn:CN=shop,O=Acme")
      }
    } else if authentication.tlsSubject != nil {
      throw ClientError("tls_subject", "it goes with tls_client_auth alone")
    }
  }

  private func checkBinding(_ client: ClientRecord) throws(ClientError) {
    // A token is bound to one key.
    if client.requiresDPoP, client.requiresMTLS {
      throw ClientError("require_mtls", "with require_dpop no token could satisfy both; choose one")
    }
  }

  private func checkTokens(_ client: ClientRecord) throws(ClientError) {
    do throws(TokenFormError) {
      let form = try TokenForm(client.tokens, offers: offers, usual: usual)
      // The longest that an issuer which isn't known yet will be.
      try form.checkLargest(for: client, issuer: issuer ?? "https://127.0.0.1:65535", audience: audience)
    } catch {
      throw ClientError(error.member, error.description)
    }
  }

  /// A piece of somebody's input, for an error.
  static func shown(_ text: String) -> String { Label.text(text, limit: 60) }
}

extension ClientAuthentication.Method {
  /// Whether it compares secrets.
  package var takesSecret: Bool { self == .basic || self == .post }
  /// Whether it checks by the client's public keys.
  package var takesKeys: Bool { self == .privateKeyJWT || self == .selfSignedTLS }
}

extension TokenFormError {
  /// The member of a client that it is about.
  var member: String {
    switch self {
    case .algorithm, .noMACKey: "algorithm"
    case .anotherMACKey, .macKey: "mac_key"
    case .encryptionKey: "encryption_key"
    case .contentEncryption: "encryption"
    case .claim, .attribute, .twice, .tooManyClaims: "claims"
    case .reference: "token_form"
    case .limit, .tooLarge: "token_size"
    }
  }
}
