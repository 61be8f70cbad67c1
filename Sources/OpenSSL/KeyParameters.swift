// What keys consist of, under JWK's names. The two halves are two types, so that nothing which takes the public one can
// be handed the private one.

/// What a public key consists of, as JWK (RFC 7518 6, RFC 8037 2, RFC 9964) names it; big-endian.
package enum PublicParameters: Sendable, Equatable {
  /// A point: two coordinates of the curve's size each.
  case ec(EllipticCurve, x: [UInt8], y: [UInt8])
  /// Modulus and exponent, without leading zeros.
  case rsa(n: [UInt8], e: [UInt8])
  /// The 32 bytes of RFC 8032 or RFC 7748.
  case okp(OctetCurve, x: [UInt8])
  /// The encoded key of FIPS 204.
  case akp(MLDSA, pub: [UInt8])
}

/// What the private half of a key consists of, under JWK's member names; big-endian. Wiped when it is let go of.
package final class PrivateParameters {
  /// The private members of JWKs: EC and OKP have `d` (RFC 7518 6.2.2.1, RFC 8037 2), RSA all but `priv` (RFC 7518
  /// 6.3.2), AKP `priv`, the seed (RFC 9964).
  package enum Name: String, Sendable, CaseIterable {
    case d, p, q, dp, dq, qi, priv

    /// What an RSA key has, in the order of RFC 7518 6.3.2.
    package static let rsa: [Name] = [.d, .p, .q, .dp, .dq, .qi]
  }

  /// The members in their order.
  package private(set) var members: [(name: Name, value: [UInt8])]

  /// Takes the members over; no other copy of them should be left.
  package init(_ members: [(name: Name, value: [UInt8])]) { self.members = members }

  deinit { for index in members.indices { wipe(&members[index].value) } }

  /// The member's bytes, nil when this kind of key has none.
  package subscript(_ name: Name) -> [UInt8]? { members.first { $0.name == name }?.value }
}
