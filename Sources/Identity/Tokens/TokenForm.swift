// What a client's access tokens look like: read from its row once for each snapshot, and checked by the same rules when
// an operator registers it. So a row that something else wrote gives no token rather than one in another form.

package import JOSE
package import Storage

/// The form of one client's access tokens.
package struct TokenForm: Sendable {
  /// What a token is signed by.
  enum Signature: Sendable, Equatable {
    /// The issuer's active key of that algorithm.
    case key(SignatureAlgorithm)
    /// The client's own key.
    case mac(MACAlgorithm)
  }

  /// A mapped claim.
  struct Claim: Sendable {
    /// Its name as JSON, with the colon.
    let name: [UInt8]
    let attribute: UserAttribute
  }

  /// Bytes that a signed token with mapped claims may have, unless the operator allows another number: header fields
  /// are bounded, by proxies and servers too.
  package static let usualLimit = 1500
  /// The numbers that an operator may allow.
  package static let limits = 256...8192

  /// How a token is encrypted once it is signed.
  struct Encryption: Sendable {
    let key: EncryptionKey
    let content: ContentEncryption
  }

  /// Whether a token is a reference, so that nothing below says how it is signed or encrypted.
  let isReference: Bool
  let signature: Signature
  let encryption: Encryption?
  let claims: [Claim]
  /// The name of the roles' claim as JSON, with the colon; nil: `roles`.
  let rolesName: [UInt8]?
  /// Bytes that a signed token may have; nil: any number.
  package let limit: Int?
  /// Part of each token's `jti`, so that no two tokens which differ in form have the same; 0: never changed.
  let changedAt: Int64

  /// The form that a client's row says.
  /// - Parameters:
  ///   - offers: the algorithms that the issuer has keys for.
  ///   - usual: the algorithm of clients which chose none.
  package init(
    _ tokens: ClientTokens, offers: some Collection<SignatureAlgorithm>, usual: SignatureAlgorithm
  ) throws(TokenFormError) {
    isReference = tokens.kind == .reference
    signature = try Self.signature(tokens, offers, usual)
    encryption = try Self.encryption(tokens)
    if isReference { try Self.checkReference(tokens) }
    claims = try Self.claims(tokens)
    if let name = tokens.rolesClaim {
      if let why = ClaimName.objection(toRoles: name) { throw .claim(why) }
      rolesName = name == ClaimName.roles ? nil : Self.encoded(name)
    } else {
      rolesName = nil
    }
    if let size = tokens.sizeLimit, !Self.limits.contains(size) { throw .limit(size) }
    limit = tokens.sizeLimit ?? (claims.isEmpty && rolesName == nil ? nil : Self.usualLimit)
    changedAt = tokens.changedAt
  }

  /// The name under which an algorithm is registered: Ed25519 is another one for EdDSA (RFC 9864).
  package static func registeredName(_ name: String) -> String { SignatureAlgorithm(name: name)?.rawValue ?? name }

  private static func signature(
    _ tokens: ClientTokens, _ offers: some Collection<SignatureAlgorithm>, _ usual: SignatureAlgorithm
  ) throws(TokenFormError) -> Signature {
    guard let name = tokens.algorithm else { return .key(usual) }
    if let algorithm = MACAlgorithm(rawValue: name) {
      guard let key = tokens.macKey else { throw .noMACKey(algorithm) }
      guard key.algorithm == algorithm.rawValue else { throw .anotherMACKey(algorithm, isFor: key.algorithm) }
      return .mac(algorithm)
    }
    guard let algorithm = SignatureAlgorithm(name: name), offers.contains(algorithm) else {
      throw .algorithm(name, offers: offers.map(\.rawValue).sorted())
    }
    return .key(algorithm)
  }

  private static func encryption(_ tokens: ClientTokens) throws(TokenFormError) -> Encryption? {
    guard let text = tokens.encryptionKey else { return nil }
    let key = try ClientEncryptionKey(stored: text).key
    let name = tokens.contentEncryption ?? ""
    guard let content = ContentEncryption(rawValue: name), key.contents.contains(content) else {
      throw .contentEncryption(name, fitting: key.contents.map(\.rawValue))
    }
    return Encryption(key: key, content: content)
  }

  /// What only a JWT has is refused rather than ignored.
  private static func checkReference(_ tokens: ClientTokens) throws(TokenFormError) {
    if tokens.algorithm != nil { throw .reference("an algorithm to sign by") }
    if tokens.encryptionKey != nil { throw .reference("a key to encrypt by") }
  }

  private static func claims(_ tokens: ClientTokens) throws(TokenFormError) -> [Claim] {
    guard tokens.claims.count <= ClaimName.maximumClaims else { throw .tooManyClaims }
    var names: Set<String> = tokens.rolesClaim.map { [$0] } ?? []
    var claims: [Claim] = []
    for claim in tokens.claims {
      guard let attribute = UserAttribute(rawValue: claim.attribute) else { throw .attribute(claim.attribute) }
      if let why = ClaimName.objection(to: claim.name, telling: attribute) { throw .claim(why) }
      guard names.insert(claim.name).inserted else { throw .twice(claim.name) }
      claims.append(Claim(name: encoded(claim.name), attribute: attribute))
    }
    return claims
  }

  private static func encoded(_ name: String) -> [UInt8] { Array("\"\(name)\":".utf8) }
}

/// Why a client can't have such tokens.
package enum TokenFormError: Error, Sendable, Equatable, CustomStringConvertible {
  case algorithm(String, offers: [String])
  case noMACKey(MACAlgorithm)
  case anotherMACKey(MACAlgorithm, isFor: String)
  case macKey(String)
  case encryptionKey(String)
  case contentEncryption(String, fitting: [String])
  case claim(String)
  case attribute(String)
  case twice(String)
  case tooManyClaims
  /// What a reference token can't have.
  case reference(String)
  case limit(Int)
  /// The largest token without roles is larger than allowed.
  case tooLarge(Int, limit: Int)

  package var description: String {
    switch self {
    case .algorithm(let name, let offers):
      "the algorithm \(name) isn't among those that the issuer offers (\(offers.joined(separator: ", "))); "
        + "add it to token.algorithms, or choose one of these by --algorithm"
    case .noMACKey(let algorithm):
      "\(algorithm.rawValue) needs a key that the client shares with the issuer; register one by --mac-key"
    case .anotherMACKey(let algorithm, let other):
      "the client's MAC key is for \(other), not \(algorithm.rawValue); choose that, or register another key by --mac-key"
    case .macKey(let why): "the MAC key can't be used: \(why)"
    case .encryptionKey(let why): "the encryption key can't be used: \(why)"
    case .contentEncryption(let name, let fitting):
      "\(name) is no content encryption for the client's key; use " + fitting.joined(separator: ", ")
    case .claim(let why): why
    case .attribute(let name):
      "\(name) is no attribute of users; use one of " + UserAttribute.allCases.map(\.rawValue).joined(separator: ", ")
    case .twice(let name): "the claim \(name) is given twice; use it for one thing"
    case .tooManyClaims: "a client has at most \(ClaimName.maximumClaims) claims of its own; give fewer"
    case .reference(let what):
      "reference tokens can be read by the issuer alone and have no use for \(what); leave it out, or choose JWTs"
    case .limit(let size):
      "a token size of \(size) bytes isn't \(TokenForm.limits.lowerBound) to \(TokenForm.limits.upperBound); "
        + "give one that is"
    case .tooLarge(let size, let limit):
      "the client's tokens could have \(size) bytes even without roles and may have \(limit); "
        + (size <= TokenForm.limits.upperBound
          ? "allow as many by --token-size \(size), or give fewer claims" : "give fewer claims")
    }
  }
}
