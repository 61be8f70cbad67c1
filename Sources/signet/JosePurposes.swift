// What `signet jose` does with a key once it is read: for signatures an asymmetric or a symmetric one, which JOSE keeps
// apart as types.

import JOSE
import JSON

/// A key that signs: a private one, or the shared one of a MAC.
enum MakingKey {
  case signature(SigningKey)
  case mac(MACKey)

  /// Reads a JWK for signing.
  init(_ value: JSONValue) throws(JOSEError) {
    self = value["kty"]?.string == "oct" ? .mac(try MACKey(value)) : .signature(try SigningKey(value))
  }

  /// The name of its algorithm (RFC 7518 section 3.1).
  var algorithm: String {
    switch self {
    case .signature(let key): key.algorithm.rawValue
    case .mac(let key): key.algorithm.rawValue
    }
  }

  /// Whether it is for the algorithm of that name; Ed25519 (RFC 9864) is EdDSA.
  func serves(_ name: String) -> Bool {
    switch self {
    case .signature(let key): SignatureAlgorithm(name: name) == key.algorithm
    case .mac(let key): MACAlgorithm(name: name) == key.algorithm
    }
  }

  /// Signs with it.
  func signer(type: String?) throws(JOSEError) -> TokenSigner {
    switch self {
    case .signature(let key): try TokenSigner(key: key, type: type)
    case .mac(let key): try TokenSigner(mac: key, type: type)
    }
  }
}

/// Keys that check signatures: public ones, and the shared ones of MACs.
struct CheckingKeys {
  private var signatures: [PublicJWK] = []
  private var macs: [MACKey] = []

  /// A JWK read for checking.
  enum Key {
    case signature(PublicJWK)
    case mac(MACKey)

    init(_ value: JSONValue) throws(JOSEError) {
      self = value["kty"]?.string == "oct" ? .mac(try MACKey(value)) : .signature(try PublicJWK(value))
    }
  }

  /// What was found good.
  struct Verified {
    let kid: String?
    let algorithm: String
    let payload: [UInt8]
  }

  init(_ keys: [Key]) {
    for key in keys {
      switch key {
      case .signature(let key): signatures.append(key)
      case .mac(let key): macs.append(key)
      }
    }
  }

  /// Checks a compact JWS. Where there are keys of both kinds its `kid` says which kind is meant, since names are theirs
  /// alone; the key still says the algorithm.
  func verify(_ compact: [UInt8]) throws(JOSEError) -> Verified {
    let kid = try UnverifiedToken(compact: compact, size: Input.limit).header["kid"]?.string
    if !macs.isEmpty, signatures.isEmpty || macs.contains(where: { $0.kid == kid && kid != nil }) {
      let token = try MACVerifier(keys: macs, size: Input.limit).verify(compact: compact, type: nil)
      return Verified(kid: token.kid, algorithm: token.algorithm.rawValue, payload: token.payload)
    }
    guard macs.isEmpty || kid != nil else { throw .missingKeyID }
    let token = try TokenVerifier(keys: signatures, size: Input.limit).verify(compact: compact, type: nil)
    return Verified(kid: token.kid, algorithm: token.algorithm.rawValue, payload: token.payload)
  }
}
