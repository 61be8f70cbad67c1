// What a client's access tokens look like, as the store keeps it. What may stand here is Identity's to judge.

/// A client's access tokens. Nil and empty members mean: as everybody's.
package struct ClientTokens: Sendable, Equatable {
  /// What an access token is to whoever holds it.
  package enum Kind: String, Sendable, CaseIterable {
    /// A JWT (RFC 9068), which services verify by themselves.
    case jwt
    /// Opaque: services ask the issuer what it means (RFC 7662), so that its end is heeded at once.
    case reference
  }

  package var kind: Kind
  /// The JWS algorithm (RFC 7518 section 3.1); nil: the issuer's.
  package var algorithm: String?
  /// The client's public key, a JWK's JSON (RFC 7517); nil: the tokens aren't encrypted.
  package var encryptionKey: String?
  /// The `enc` (RFC 7518 section 5.1) that goes with the key.
  package var contentEncryption: String?
  /// The key which the client shares with the issuer; its bytes are kept apart, wrapped.
  package var macKey: ClientMACKey?
  /// In the order of their names.
  package var claims: [ClientClaim]
  /// The claim that the user's roles stand in; nil: `roles`.
  package var rolesClaim: String?
  /// Bytes that a signed token may have; nil: as the claims ask for.
  package var sizeLimit: Int?
  /// Milliseconds since 1970 when any of these members last changed, 0 for never; the store sets it, and it rises at each
  /// change.
  package var changedAt: Int64

  package init(
    kind: Kind = .jwt, algorithm: String? = nil, encryptionKey: String? = nil, contentEncryption: String? = nil,
    macKey: ClientMACKey? = nil, claims: [ClientClaim] = [], rolesClaim: String? = nil, sizeLimit: Int? = nil,
    changedAt: Int64 = 0
  ) {
    self.kind = kind
    self.algorithm = algorithm
    self.encryptionKey = encryptionKey
    self.contentEncryption = contentEncryption
    self.macKey = macKey
    self.claims = claims
    self.rolesClaim = rolesClaim
    self.sizeLimit = sizeLimit
    self.changedAt = changedAt
  }
}

/// What may be told of a client's MAC key.
package struct ClientMACKey: Sendable, Equatable {
  /// Stands in each token's header; tells nothing of the key.
  package let kid: String
  /// The only algorithm it is for (RFC 7518 section 3.2).
  package let algorithm: String

  package init(kid: String, algorithm: String) {
    self.kid = kid
    self.algorithm = algorithm
  }
}

/// A claim which tells an attribute of the user.
package struct ClientClaim: Sendable, Equatable {
  /// The claim's name; ASCII without quote and backslash, so that JSON needs no escaping.
  package let name: String
  package let attribute: String

  package init(name: String, attribute: String) {
    self.name = name
    self.attribute = attribute
  }
}

/// A client's MAC key on its way into the store.
package struct WrappedClientKey: Sendable, Equatable {
  /// Wrapped by the master key.
  package let wrapped: [UInt8]
  /// A key of the store as it was when this one was wrapped: void with another, since the master key has changed then.
  package let anchor: SecretRecord

  package init(wrapped: [UInt8], anchor: SecretRecord) {
    self.wrapped = wrapped
    self.anchor = anchor
  }
}

/// What becomes of a client, by whoever has read what it was.
package struct ClientChange: Sendable {
  /// What becomes of the wrapped MAC key.
  package enum MACKey: Sendable, Equatable {
    case keep
    case remove
    case replace(WrappedClientKey)
  }

  /// As it was read; the change is void when it is something else by now.
  package let old: ClientRecord
  /// As it shall be; of the same id.
  package let new: ClientRecord
  package let macKey: MACKey
  package let now: Int64
  package let context: RequestContext

  package init(old: ClientRecord, new: ClientRecord, macKey: MACKey = .keep, now: Int64, context: RequestContext) {
    self.old = old
    self.new = new
    self.macKey = macKey
    self.now = now
    self.context = context
  }

  /// What differs, in the words of the command line, for the audit trail.
  package var names: [String] {
    let (a, b) = (old.tokens, new.tokens)
    let members: [(String, Bool)] = [
      ("name", old.name != new.name), ("kind", old.isPublic != new.isPublic), ("grants", old.grants != new.grants),
      ("audiences", old.audiences != new.audiences), ("scopes", old.scopes != new.scopes),
      ("access_ttl", old.accessTTL != new.accessTTL), ("idle_ttl", old.idleTTL != new.idleTTL),
      ("absolute_ttl", old.absoluteTTL != new.absoluteTTL), ("origins", old.origins != new.origins),
      ("authentication", old.authentication.method != new.authentication.method),
      ("secret", old.authentication.secret != new.authentication.secret),
      ("jwks", old.authentication.jwks != new.authentication.jwks),
      ("tls_subject", old.authentication.tlsSubject != new.authentication.tlsSubject),
      ("require_dpop", old.requiresDPoP != new.requiresDPoP), ("require_mtls", old.requiresMTLS != new.requiresMTLS),
      ("token_form", a.kind != b.kind), ("algorithm", a.algorithm != b.algorithm),
      ("encryption_key", a.encryptionKey != b.encryptionKey),
      ("encryption", a.contentEncryption != b.contentEncryption),
      ("mac_key", a.macKey != b.macKey || macKey != .keep), ("claims", a.claims != b.claims),
      ("roles_claim", a.rolesClaim != b.rolesClaim), ("token_size", a.sizeLimit != b.sizeLimit),
    ]
    return members.filter(\.1).map(\.0)
  }
}
