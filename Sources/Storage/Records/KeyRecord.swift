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
package struct KeyRecord: Sendable {
  package let kid: String
  package let algorithm: String
  package let state: KeyState
  /// The public JWK's JSON.
  package let publicKey: [UInt8]
  package let publicMAC: [UInt8]
  /// PKCS #8, wrapped; nil once retired.
  package let privateKey: [UInt8]?
  package let createdAt: Int64
  package let activatedAt: Int64?

  package init(
    kid: String, algorithm: String, state: KeyState, publicKey: [UInt8], publicMAC: [UInt8], privateKey: [UInt8]?,
    createdAt: Int64, activatedAt: Int64?
  ) {
    self.kid = kid
    self.algorithm = algorithm
    self.state = state
    self.publicKey = publicKey
    self.publicMAC = publicMAC
    self.privateKey = privateKey
    self.createdAt = createdAt
    self.activatedAt = activatedAt
  }
}

/// A stored symmetric key, wrapped by the master key.
package struct SecretRecord: Sendable {
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

/// Everything the store holds of keys, read in one transaction.
package struct KeyMaterial: Sendable {
  package let epoch: UInt32
  package let secrets: [SecretRecord]
  package let keys: [KeyRecord]
  /// The MAC keys of those clients that registered one.
  package let clientKeys: [ClientKeyRecord]
}
