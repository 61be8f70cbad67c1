// A client (an application that gets tokens) as the store keeps one.

/// A stored client. Lists are as registered; durations are milliseconds, nil meaning as configured.
package struct ClientRecord: Sendable, Equatable {
  package let id: String
  package let name: String
  package let isPublic: Bool
  package let isFirstParty: Bool
  package let grants: [String]
  /// None: the configured audience.
  package let audiences: [String]
  package let scopes: [String]
  package let accessTTL: Int64?
  package let idleTTL: Int64?
  package let absoluteTTL: Int64?
  package let createdAt: Int64

  package init(
    id: String, name: String, isPublic: Bool, isFirstParty: Bool, grants: [String], audiences: [String],
    scopes: [String], accessTTL: Int64? = nil, idleTTL: Int64? = nil, absoluteTTL: Int64? = nil, createdAt: Int64
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
    self.createdAt = createdAt
  }

  /// The client that exists in every store, for applications which name none.
  package static let builtIn = "signet"
}
