// How a key signs. The forms are JOSE's: a raw r and s for ECDSA (RFC 7518 3.4), not ASN.1.

/// A signature scheme with its digest.
package enum SignatureScheme: Sendable, Equatable {
  /// ECDSA with the hash that RFC 7518 3.4 gives the curve: twice the size of a coordinate.
  case ecdsa(EllipticCurve)
  /// RSASSA-PKCS1-v1_5: as many bytes as the modulus.
  case rsaPKCS1(HashFunction)
  /// RSASSA-PSS with MGF1 over the same hash and a salt of the hash's size (RFC 7518 3.5): the modulus's size.
  case rsaPSS(HashFunction)
  /// Ed25519 (RFC 8032): 64 bytes.
  case ed25519
  /// Pure ML-DSA with an empty context (RFC 9964).
  case mlDSA(MLDSA)

  /// The hash whose digest is signed; nil for the schemes that take the whole message.
  var hash: HashFunction? {
    switch self {
    case .ecdsa(.p256): .sha256
    case .ecdsa(.p384): .sha384
    case .ecdsa(.p521): .sha512
    case .rsaPKCS1(let hash), .rsaPSS(let hash): hash
    case .ed25519, .mlDSA: nil
    }
  }

  /// The exact size of a signature by a key of that kind, in bytes; nil when the kind cannot sign so.
  package func signatureSize(_ kind: KeyKind) -> Int? {
    switch (self, kind) {
    case (.ecdsa(let curve), _) where kind.curve == curve: 2 * curve.size
    case (.rsaPKCS1, .rsa(let bits)), (.rsaPSS, .rsa(let bits)): (bits + 7) / 8
    case (.ed25519, .ed25519): 64
    case (.mlDSA(let set), _) where kind == set.kind: set.signatureSize
    default: nil
    }
  }
}
