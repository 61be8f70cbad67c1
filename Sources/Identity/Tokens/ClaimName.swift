// Which of a user's attributes a client's access tokens may tell, and under which names.
//
// A name that some service, library or Signet itself reads a meaning from is reserved: an attribute which a user can
// choose must never pass for an audience, a scope or a role.

/// What a claim can tell of a user.
package enum UserAttribute: String, Sendable, CaseIterable {
  /// The stable random identifier, as in `sub`.
  case id
  case username
  /// Left out for a user who has none.
  case email
  /// A boolean; left out for a user without an address.
  case emailVerified = "email_verified"
  /// The roles but for Signet's own; left out when there are none.
  case roles
  /// A NumericDate (RFC 7519 section 2).
  case createdAt = "created_at"
}

/// The rules for names of claims.
package enum ClaimName {
  /// Bytes that a name may have.
  package static let limit = 64
  /// Mapped claims that a client may have.
  package static let maximumClaims = 16
  /// The claim of the user's roles, unless a client needs another (RFC 9068 section 2.2.3.1).
  package static let roles = "roles"

  /// Why `name` can't be a claim that tells `attribute`; nil when it can.
  package static func objection(to name: String, telling attribute: UserAttribute) -> String? {
    // Whatever the case: some JSON readers (Go's) find a member by a name in any.
    let lower = name.lowercased()
    if lower == roles { return "the claim \(name) is for the roles; use --roles-claim to name theirs" }
    if rights.contains(lower), attribute != .roles {
      return "the claim \(name) gives rights in many services, so it can tell nothing but roles; use another name"
    }
    return objection(toAny: name)
  }

  /// Why `name` can't be the claim of the roles; nil when it can.
  package static func objection(toRoles name: String) -> String? {
    name.lowercased() == roles ? nil : objection(toAny: name)
  }

  private static func objection(toAny name: String) -> String? {
    let isText = name.utf8.allSatisfy {
      $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\")
    }
    guard isText, (1...limit).contains(name.utf8.count) else {
      return "a claim's name has 1 to \(limit) bytes of visible ASCII without quotes and backslashes"
    }
    guard reserved.contains(name.lowercased()) else { return nil }
    return "the claim \(name) has a meaning of its own in tokens; use another name"
  }

  /// In lower case: what services take for rights (RFC 9068 section 2.2.3.1). A user's name must not pass for one.
  private static let rights: Set<String> = [
    "groups", "entitlements", "role", "permissions", "authorities",
  ]

  /// In lower case: what Signet writes, and what decides anything for those who read it, by the IANA registry "JSON Web
  /// Token Claims" (RFC 7519 section 10.1, OpenID Connect Core 1.0, RFC 7800, 8417, 8485, 8693, 9068, 9396, 9449, 9493,
  /// 9701), and the members of a header (RFC 7515 section 4.1), which RFC 7519 section 5.3 lets stand in both.
  package static let reserved: Set<String> = [
    "iss", "sub", "aud", "exp", "nbf", "iat", "jti", "client_id", "sid", "auth_time", "amr", "acr", "azp", "nonce",
    "scope", "scp", "cnf", "act", "may_act", "status", "sub_id", "sub_jwk", "events", "toe", "txn", "vot", "vtm",
    "token_type", "active", "at_hash", "c_hash", "s_hash", "htm", "htu", "ath", "atc", "rat", "rph", "rcd",
    "authorization_details", "token_introspection", "_claim_names", "_claim_sources",
    "alg", "enc", "zip", "kid", "typ", "cty", "crit", "b64", "jku", "jwk", "x5u", "x5c", "x5t", "x5t#s256",
  ]
}
