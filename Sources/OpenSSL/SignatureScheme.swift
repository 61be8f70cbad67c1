// How a key signs. The forms are JOSE's: a raw r and s for ECDSA (RFC 7518 3.4), not ASN.1.

/// A signature scheme with its digest.
package enum SignatureScheme: Sendable {
  /// ECDSA over P-256 with SHA-256: 64 bytes.
  case ecdsaP256SHA256
  /// RSASSA-PKCS1-v1_5 with SHA-256: as many bytes as the modulus.
  case rsaPKCS1SHA256
  /// Ed25519 (RFC 8032): 64 bytes.
  case ed25519

  /// The exact size of a signature by a key of that kind, in bytes; nil when the kind cannot sign so.
  package func signatureSize(_ kind: KeyKind) -> Int? {
    switch (self, kind) {
    case (.ecdsaP256SHA256, .p256), (.ed25519, .ed25519): 64
    case (.rsaPKCS1SHA256, .rsa(let bits)): (bits + 7) / 8
    default: nil
    }
  }
}
