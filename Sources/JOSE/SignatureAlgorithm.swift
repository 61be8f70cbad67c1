// The JWS algorithms, under their registered names. A further one is a case here and a row in each switch; there is no
// "none" (RFC 8725 3.2). MACs are a type of their own: who verifies one could have made it, so nothing that verifies
// with public keys may ever take one.

package import OpenSSL

/// An asymmetric JWS algorithm (RFC 7518 3.1, RFC 8037 3.1, RFC 9964).
package enum SignatureAlgorithm: String, Sendable, CaseIterable {
  case es256 = "ES256"
  case es384 = "ES384"
  case es512 = "ES512"
  case rs256 = "RS256"
  case rs384 = "RS384"
  case rs512 = "RS512"
  case ps256 = "PS256"
  case ps384 = "PS384"
  case ps512 = "PS512"
  case eddsa = "EdDSA"
  case mlDSA44 = "ML-DSA-44"
  case mlDSA65 = "ML-DSA-65"
  case mlDSA87 = "ML-DSA-87"

  /// Those which the OpenSSL at run time can do: all but ML-DSA, which it has since 3.5.
  package static let available = allCases.filter(\.isAvailable)

  /// Whether the OpenSSL at run time can do it.
  package var isAvailable: Bool { keyKind.isAvailable }

  /// The algorithm of that registered name; "Ed25519" (RFC 9864) is another one for `eddsa`. Nil when it is none of ours.
  package init?(name: String) {
    if name.utf8.elementsEqual("Ed25519".utf8) {
      self = .eddsa
    } else if let algorithm = Self(rawValue: name) {
      self = algorithm
    } else {
      return nil
    }
  }

  /// How its keys sign.
  package var scheme: SignatureScheme {
    switch self {
    case .es256: .ecdsa(.p256)
    case .es384: .ecdsa(.p384)
    case .es512: .ecdsa(.p521)
    case .rs256: .rsaPKCS1(.sha256)
    case .rs384: .rsaPKCS1(.sha384)
    case .rs512: .rsaPKCS1(.sha512)
    case .ps256: .rsaPSS(.sha256)
    case .ps384: .rsaPSS(.sha384)
    case .ps512: .rsaPSS(.sha512)
    case .eddsa: .ed25519
    case .mlDSA44: .mlDSA(.mlDSA44)
    case .mlDSA65: .mlDSA(.mlDSA65)
    case .mlDSA87: .mlDSA(.mlDSA87)
    }
  }

  /// The kind of key to generate for it; who asks RSA for more than SHA-256 gets the strength of P-256, 128 bits.
  package var keyKind: KeyKind {
    switch self {
    case .es256: .p256
    case .es384: .p384
    case .es512: .p521
    case .rs256, .ps256: .rsa(bits: 2048)
    case .rs384, .ps384, .rs512, .ps512: .rsa(bits: 3072)
    case .eddsa: .ed25519
    case .mlDSA44: .mlDSA44
    case .mlDSA65: .mlDSA65
    case .mlDSA87: .mlDSA87
    }
  }

  /// Whether a key of that kind is for this algorithm.
  func accepts(_ kind: KeyKind) -> Bool { scheme.signatureSize(kind) != nil }

  /// The algorithm of a key that does not name one: one kind, one algorithm; RS256 for RSA.
  init?(default kind: KeyKind) {
    guard let algorithm = Self.allCases.first(where: { $0.accepts(kind) }) else { return nil }
    self = algorithm
  }
}

/// A symmetric JWS algorithm (RFC 7518 3.2).
package enum MACAlgorithm: String, Sendable, CaseIterable {
  case hs256 = "HS256"
  case hs384 = "HS384"
  case hs512 = "HS512"

  /// The algorithm of that registered name, nil when it is none of ours.
  package init?(name: String) { self.init(rawValue: name) }

  /// The hash inside; its size is the tag's, and the least of a key (RFC 7518 3.2).
  package var hash: HashFunction {
    switch self {
    case .hs256: .sha256
    case .hs384: .sha384
    case .hs512: .sha512
    }
  }
}
