// Keys as the store keeps them: private parts only ever wrapped by the master key.

/// The states of a signing key, in the order in which it passes through them.
package enum KeyState: String, Sendable {
  /// Published, not yet signing.
  case pending
  /// Signing.
  case active
  /// Published for what it signed; the private part is wiped.
  case retired
  /// Gone from the JWK Set; its tokens are refused.
  case revoked
}

/// A stored signing key. Times are milliseconds since 1970.
package struct KeyRecord: Sendable, Equatable {
  package let kid: String
  package let algorithm: String
  package let state: KeyState
  /// The public JWK's JSON.
  package let publicKey: [UInt8]
  package let publicMAC: [UInt8]
  /// PKCS #8, wrapped; nil once retired or revoked.
  package let privateKey: [UInt8]?
  package let createdAt: Int64
  package let activatedAt: Int64?
  /// Since when a server has it in its JWK Set.
  package var publishedAt: Int64?
  package var retiredAt: Int64?
  package var revokedAt: Int64?
  /// An operator's words.
  package var revokedReason: String?
  /// When an operator asked for this active key's successor.
  package var rotationRequestedAt: Int64?
  /// The longest life of an access token while the key was active, in milliseconds.
  package var tokenLifetime: Int64

  package init(
    kid: String, algorithm: String, state: KeyState, publicKey: [UInt8], publicMAC: [UInt8], privateKey: [UInt8]?,
    createdAt: Int64, activatedAt: Int64?, tokenLifetime: Int64 = 0
  ) {
    self.kid = kid
    self.algorithm = algorithm
    self.state = state
    self.publicKey = publicKey
    self.publicMAC = publicMAC
    self.privateKey = privateKey
    self.createdAt = createdAt
    self.activatedAt = activatedAt
    self.tokenLifetime = tokenLifetime
  }
}

/// A stored symmetric key, wrapped by the master key.
package struct SecretRecord: Sendable, Equatable {
  package let purpose: String
  /// 1 to 255; the highest of its purpose is in use.
  package let id: UInt8
  package let wrapped: [UInt8]

  package init(purpose: String, id: UInt8, wrapped: [UInt8]) {
    self.purpose = purpose
    self.id = id
    self.wrapped = wrapped
  }
}

/// A client's own MAC key, wrapped by the master key.
package struct ClientKeyRecord: Sendable, Equatable {
  package let clientID: String
  package let wrapped: [UInt8]

  package init(clientID: String, wrapped: [UInt8]) {
    self.clientID = clientID
    self.wrapped = wrapped
  }
}

/// What clients ask of the keys.
package struct KeyDemand: Sendable, Equatable {
  /// The algorithms that clients chose for their access tokens.
  package var algorithms: [String] = []
  /// The longest life of an access token that a client has of its own, in milliseconds.
  package var accessTTL: Int64?

  package init() {}
}

/// Everything the store holds of keys, read in one transaction.
package struct KeyMaterial: Sendable, Equatable {
  package let epoch: UInt32
  package let secrets: [SecretRecord]
  package let keys: [KeyRecord]
  /// The MAC keys of those clients that registered one.
  package let clientKeys: [ClientKeyRecord]
  package var demand = KeyDemand()

  /// Everything in it that the master key has wrapped.
  package var wrapped: WrappedKeys {
    WrappedKeys(
      secrets: secrets,
      privateKeys: keys.compactMap { key in key.privateKey.map { PrivateKeyRecord(kid: key.kid, wrapped: $0) } },
      clientKeys: clientKeys)
  }
}
