// The JWE algorithms that manage keys, under their registered names. A further one is a case here and a row in each
// switch.
//
// What is left out stays out: RSA1_5 (its padding betrays keys, RFC 8725 3.2), RSA-OAEP (with SHA-1), and PBES2, where
// the sender says how long the recipient must compute.

package import OpenSSL

/// How a JWE's recipient comes by the content encryption key (RFC 7518 4.1, RFC 8037 3.2).
package enum KeyManagementAlgorithm: String, Sendable, CaseIterable {
  /// The key, encrypted with RSAES-OAEP with SHA-256 (RFC 7518 4.3).
  case rsaOAEP256 = "RSA-OAEP-256"
  /// The key, agreed on by Diffie-Hellman with an ephemeral key (RFC 7518 4.6).
  case ecdhES = "ECDH-ES"
  /// The key, wrapped with a key agreed on in that way.
  case ecdhESA256KW = "ECDH-ES+A256KW"
  /// The key is the shared one (RFC 7518 4.5).
  case direct = "dir"
  /// The key, wrapped with the shared one (RFC 7518 4.4).
  case a256KW = "A256KW"

  /// Whether both sides hold the same key.
  package var isSymmetric: Bool { self == .direct || self == .a256KW }

  /// Whether the token carries an encrypted key; where it does not, that part must be empty (RFC 7516 5.2, steps 10
  /// and 11).
  var hasEncryptedKey: Bool { self != .direct && self != .ecdhES }

  /// Whether both sides agree on a secret, so that the header has an ephemeral key.
  var isAgreement: Bool { self == .ecdhES || self == .ecdhESA256KW }

  /// Whether an asymmetric key of that kind is for this algorithm.
  package func accepts(_ kind: KeyKind) -> Bool {
    switch (self, kind) {
    case (.rsaOAEP256, .rsa): true
    case (.ecdhES, .p256), (.ecdhES, .p384), (.ecdhES, .p521), (.ecdhES, .x25519): true
    case (.ecdhESA256KW, .p256), (.ecdhESA256KW, .p384), (.ecdhESA256KW, .p521), (.ecdhESA256KW, .x25519): true
    default: false
    }
  }

  /// The kind of key to generate unless told otherwise; nil for a symmetric one.
  package var keyKind: KeyKind? {
    switch self {
    case .rsaOAEP256: .rsa(bits: 2048)
    case .ecdhES, .ecdhESA256KW: .p256
    case .direct, .a256KW: nil
    }
  }
}
