// What a JWK says that it is for: `use` and `key_ops` (RFC 7517 4.2, 4.3), which must not contradict each other.

import JSON

/// The declared use of a key.
struct KeyUse {
  private let use: String?
  private let operations: Set<String>?
  private let isSymmetric: Bool
  private let isOnCurve: Bool

  /// Throws `invalidKey` for members of the wrong form or an operation named twice (RFC 7517 4.3).
  init(_ value: JSONValue, kty: String) throws(JOSEError) {
    isSymmetric = kty == "oct"
    isOnCurve = kty == "EC" || kty == "OKP"
    use = try JWKMembers.text(value, "use")
    guard let member = value["key_ops"] else {
      operations = nil
      return
    }
    guard let elements = member.array else { throw .invalidKey }
    var names: Set<String> = []
    for element in elements {
      guard let name = element.string, names.insert(name).inserted else { throw .invalidKey }
    }
    operations = names
  }

  /// Throws `wrongKeyUse` unless the key is for `purpose`, or may be for anything.
  func check(_ purpose: JWKMembers.Purpose) throws(JOSEError) {
    guard allows(purpose) else { throw .wrongKeyUse }
  }

  /// Whether the key is for `purpose`, or may be for anything.
  func allows(_ purpose: JWKMembers.Purpose) -> Bool {
    let isForSignatures = purpose == .verify || purpose == .sign
    if let use, use != (isForSignatures ? "sig" : "enc") { return false }
    guard let operations else { return true }
    // What WebCrypto writes for a public key of Diffie-Hellman, with which nothing is done: it is the private one's peer.
    if operations.isEmpty, purpose == .encrypt, isOnCurve { return true }
    // RFC 7517 4.3: unrelated operations by one key are a danger, and `use` must agree.
    let others = isForSignatures ? Self.encryption : Self.signatures
    return operations.isDisjoint(with: others) && !operations.isDisjoint(with: wanted(purpose))
  }

  /// The operations of which one is enough. The public half of a private key verifies and encrypts also when the JWK
  /// names what the private one does; symmetric keys have no halves.
  private func wanted(_ purpose: JWKMembers.Purpose) -> Set<String> {
    switch purpose {
    case .sign: ["sign"]
    case .verify: isSymmetric ? ["verify"] : ["verify", "sign"]
    case .decrypt: isSymmetric ? ["decrypt", "unwrapKey"] : ["decrypt", "unwrapKey", "deriveKey", "deriveBits"]
    case .encrypt: isSymmetric ? ["encrypt", "wrapKey"] : Self.encryption
    }
  }

  private static let signatures: Set<String> = ["sign", "verify"]
  private static let encryption: Set<String> = [
    "encrypt", "decrypt", "wrapKey", "unwrapKey", "deriveKey", "deriveBits",
  ]
}
