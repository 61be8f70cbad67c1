// The kinds of asymmetric keys. A new curve is a case here and a row in each switch.

import COpenSSL

/// A kind of key, with what OpenSSL needs in order to make one.
package enum KeyKind: Sendable, Equatable {
  case p256
  /// An RSA key with a modulus of that many bits, and the exponent 65537 when generated.
  case rsa(bits: Int)
  case ed25519

  /// The algorithm's name in OpenSSL.
  var name: String {
    switch self {
    case .p256: "EC"
    case .rsa: "RSA"
    case .ed25519: "ED25519"
    }
  }

  /// The kind of a key that was read; throws for one that is not among ours.
  init(of key: OpaquePointer) throws(OpenSSLError) {
    if EVP_PKEY_is_a(key, "RSA") == 1 {
      self = .rsa(bits: Int(EVP_PKEY_get_bits(key)))
    } else if EVP_PKEY_is_a(key, "ED25519") == 1 {
      self = .ed25519
    } else if EVP_PKEY_is_a(key, "EC") == 1, Self.group(of: key) == "prime256v1" {
      self = .p256
    } else {
      throw OpenSSLError(call: "EVP_PKEY_is_a", reason: "a kind of key that is not supported")
    }
  }

  private static func group(of key: OpaquePointer) -> String? {
    var name = [CChar](repeating: 0, count: 80)
    var size = 0
    guard EVP_PKEY_get_group_name(key, &name, name.count, &size) == 1 else { return nil }
    return String(decoding: name[..<size].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}

/// What a public key consists of, as JWK (RFC 7518 6, RFC 8037 2) names it; big-endian.
package enum PublicParameters: Sendable, Equatable {
  /// The point on P-256: two coordinates of 32 bytes.
  case p256(x: [UInt8], y: [UInt8])
  /// Modulus and exponent, without leading zeros.
  case rsa(n: [UInt8], e: [UInt8])
  /// The 32 bytes of RFC 8032.
  case ed25519(x: [UInt8])
}
