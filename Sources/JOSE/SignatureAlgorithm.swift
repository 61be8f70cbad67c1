// The JWS algorithms, under their registered names. A further one is a case here and a row in each switch; there is no
// "none" (RFC 8725 3.2).

package import OpenSSL

/// A JWS algorithm (RFC 7518 3.1, RFC 8037 3.1).
package enum SignatureAlgorithm: String, Sendable, CaseIterable {
  case es256 = "ES256"
  case rs256 = "RS256"
  case eddsa = "EdDSA"

  /// How its keys sign.
  package var scheme: SignatureScheme {
    switch self {
    case .es256: .ecdsaP256SHA256
    case .rs256: .rsaPKCS1SHA256
    case .eddsa: .ed25519
    }
  }

  /// The kind of key to generate for it.
  package var keyKind: KeyKind {
    switch self {
    case .es256: .p256
    case .rs256: .rsa(bits: 2048)
    case .eddsa: .ed25519
    }
  }

  /// Whether a key of that kind is for this algorithm.
  func accepts(_ kind: KeyKind) -> Bool { scheme.signatureSize(kind) != nil }

  /// The algorithm of a key that does not name one: one kind, one algorithm.
  init?(default kind: KeyKind) {
    guard let algorithm = Self.allCases.first(where: { $0.accepts(kind) }) else { return nil }
    self = algorithm
  }
}
