// A client (an application that gets tokens) as the store keeps one.

/// A stored client. Lists are as registered; durations are milliseconds, nil meaning as configured.
package struct ClientRecord: Sendable, Equatable {
  package let id: String
  package var name: String
  package var isPublic: Bool
  package let isFirstParty: Bool
  package var grants: [String]
  /// None: the configured audience.
  package var audiences: [String]
  package var scopes: [String]
  package var accessTTL: Int64?
  package var idleTTL: Int64?
  package var absoluteTTL: Int64?
  package var tokens: ClientTokens
  package var authentication: ClientAuthentication
  /// Origins whose pages may use the client in cookie mode, and read answers.
  package var origins: [String]
  /// Whether its tokens must be bound to a key by DPoP (RFC 9449 section 5.2), or to a certificate (RFC 8705 section 3.4).
  package var requiresDPoP: Bool
  package var requiresMTLS: Bool
  package let createdAt: Int64

  package init(
    id: String, name: String, isPublic: Bool, isFirstParty: Bool, grants: [String], audiences: [String],
    scopes: [String], accessTTL: Int64? = nil, idleTTL: Int64? = nil, absoluteTTL: Int64? = nil,
    tokens: ClientTokens = ClientTokens(), authentication: ClientAuthentication = ClientAuthentication(),
    origins: [String] = [], requiresDPoP: Bool = false, requiresMTLS: Bool = false, createdAt: Int64
  ) {
    self.id = id
    self.name = name
    self.isPublic = isPublic
    self.isFirstParty = isFirstParty
    self.grants = grants
    self.audiences = audiences
    self.scopes = scopes
    self.accessTTL = accessTTL
    self.idleTTL = idleTTL
    self.absoluteTTL = absoluteTTL
    self.tokens = tokens
    self.authentication = authentication
    self.origins = origins
    self.requiresDPoP = requiresDPoP
    self.requiresMTLS = requiresMTLS
    self.createdAt = createdAt
  }

  /// The client that exists in every store, for applications which name none.
  package static let builtIn = "signet"
}
