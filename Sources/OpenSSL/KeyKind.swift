// The kinds of asymmetric keys. A new curve is a case here and a row in each switch.

import COpenSSL

/// A kind of key, with what OpenSSL needs in order to make one.
package enum KeyKind: Sendable, Hashable {
  case p256
  case p384
  case p521
  /// An RSA key with a modulus of that many bits, and the exponent 65537 when generated.
  case rsa(bits: Int)
  case ed25519
  case x25519
  case mlDSA44
  case mlDSA65
  case mlDSA87

  /// The kinds but RSA, which has one for each size.
  static let fixed: [KeyKind] = [.p256, .p384, .p521, .ed25519, .x25519, .mlDSA44, .mlDSA65, .mlDSA87]

  /// The curve of an EC key (RFC 7518 6.2), nil for other kinds.
  package var curve: EllipticCurve? {
    switch self {
    case .p256: .p256
    case .p384: .p384
    case .p521: .p521
    default: nil
    }
  }

  /// Whether the OpenSSL at run time has this kind; only ML-DSA may be missing, before 3.5.
  package var isAvailable: Bool {
    switch self {
    case .mlDSA44, .mlDSA65, .mlDSA87: MLDSA.isAvailable
    default: true
    }
  }

  /// The algorithm's name in OpenSSL.
  var name: String {
    switch self {
    case .p256, .p384, .p521: "EC"
    case .rsa: "RSA"
    case .ed25519: "ED25519"
    case .x25519: "X25519"
    case .mlDSA44: MLDSA.mlDSA44.rawValue
    case .mlDSA65: MLDSA.mlDSA65.rawValue
    case .mlDSA87: MLDSA.mlDSA87.rawValue
    }
  }

  /// The kind of a key that was read; throws for one that is not among ours.
  init(of key: OpaquePointer) throws(OpenSSLError) {
    if EVP_PKEY_is_a(key, "RSA") == 1 {
      self = .rsa(bits: Int(EVP_PKEY_get_bits(key)))
    } else if EVP_PKEY_is_a(key, "EC") == 1 {
      let group = Self.group(of: key)
      guard let curve = EllipticCurve.allCases.first(where: { $0.group == group }) else { throw Self.unsupported }
      self = curve.kind
    } else if let kind = Self.fixed.first(where: { $0.curve == nil && EVP_PKEY_is_a(key, $0.name) == 1 }) {
      self = kind
    } else {
      throw Self.unsupported
    }
  }

  private static let unsupported = OpenSSLError(call: "EVP_PKEY_is_a", reason: "a kind of key that is not supported")

  private static func group(of key: OpaquePointer) -> String? {
    var name = [CChar](repeating: 0, count: 80)
    var size = 0
    guard EVP_PKEY_get_group_name(key, &name, name.count, &size) == 1 else { return nil }
    return String(decoding: name[..<size].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}

/// The curves of EC keys, under the names of RFC 7518 6.2.1.1.
package enum EllipticCurve: String, Sendable, CaseIterable {
  case p256 = "P-256"
  case p384 = "P-384"
  case p521 = "P-521"

  /// The bytes of a coordinate, and of a private number: those of the order, rounded up.
  package var size: Int {
    switch self {
    case .p256: 32
    case .p384: 48
    case .p521: 66
    }
  }

  package var kind: KeyKind {
    switch self {
    case .p256: .p256
    case .p384: .p384
    case .p521: .p521
    }
  }

  /// OpenSSL's name for it when asked.
  var group: String {
    switch self {
    case .p256: "prime256v1"
    case .p384: "secp384r1"
    case .p521: "secp521r1"
    }
  }

  /// The name to give to OpenSSL.
  var parameter: ParameterName {
    switch self {
    case .p256: ParameterName("P-256")
    case .p384: ParameterName("P-384")
    case .p521: ParameterName("P-521")
    }
  }
}

/// The curves whose keys are octet strings, under the names of RFC 8037 2: 32 bytes, public and private.
package enum OctetCurve: String, Sendable, CaseIterable {
  case ed25519 = "Ed25519"
  case x25519 = "X25519"

  /// The bytes of either half of a key.
  package static let size = 32

  package var kind: KeyKind { self == .ed25519 ? .ed25519 : .x25519 }

  /// The number by which OpenSSL's functions for raw keys know it.
  var identifier: Int32 { self == .ed25519 ? EVP_PKEY_ED25519 : EVP_PKEY_X25519 }
}

/// The parameter sets of ML-DSA (FIPS 204), under the names of RFC 9964, which are OpenSSL's too.
package enum MLDSA: String, Sendable, CaseIterable {
  case mlDSA44 = "ML-DSA-44"
  case mlDSA65 = "ML-DSA-65"
  case mlDSA87 = "ML-DSA-87"

  /// The bytes of the seed from which a private key is derived.
  package static let seedSize = 32
  /// Whether the OpenSSL at run time has ML-DSA (3.5 and later). Asked once: nothing here needs 3.5 at build time.
  package static let isAvailable: Bool = {
    guard let algorithm = EVP_SIGNATURE_fetch(nil, MLDSA.mlDSA44.rawValue, nil) else {
      ERR_clear_error()
      return false
    }
    EVP_SIGNATURE_free(algorithm)
    return true
  }()

  package var kind: KeyKind {
    switch self {
    case .mlDSA44: .mlDSA44
    case .mlDSA65: .mlDSA65
    case .mlDSA87: .mlDSA87
    }
  }

  /// The bytes of a public key (FIPS 204, table 2).
  package var publicSize: Int {
    switch self {
    case .mlDSA44: 1312
    case .mlDSA65: 1952
    case .mlDSA87: 2592
    }
  }

  /// The bytes of a signature (FIPS 204, table 2).
  package var signatureSize: Int {
    switch self {
    case .mlDSA44: 2420
    case .mlDSA65: 3309
    case .mlDSA87: 4627
    }
  }
}
