// The library's front: made from what it must not forget, asked for each token, safe to be asked from many tasks at once.

import JOSE
import JSON

/// Verifies access tokens of one issuer for one audience.
///
/// Make one at the service's start and share it. It fetches the issuer's keys when the first token comes, or when
/// ``prepare()`` is called, and keeps them fresh from then on.
public final class SignetVerifier: Sendable {
  /// The version of this library.
  public static let version = "0.1.0"

  private enum Keys: Sendable {
    case fixed(TrustedKeys)
    case fetched(KeyCache)
  }

  /// What `iss` must be.
  public let issuer: String
  /// What `aud` must be or hold.
  public let audience: String
  private let options: VerifierOptions
  private let leeway: Int64
  private let keys: Keys
  private let envelope: Envelope?
  private let revocations: RevocationListener?
  let proofs: ProofGate

  /// Makes a verifier; nothing is fetched yet.
  /// - Parameters:
  ///   - issuer: what `iss` must be, byte for byte: Signet's setting `issuer`, such as `https://login.example.com`.
  ///   - audience: what `aud` must be or hold: the name that tokens for this service bear, by default Signet's
  ///     `token.audience`.
  ///   - keys: where the keys come from.
  ///   - options: what a service may choose.
  /// - Throws: what is wrong with these values, or that libcurl is missing.
  public init(
    issuer: String, audience: String, keys: KeySource = .issuer, options: VerifierOptions = VerifierOptions()
  ) throws(VerifierSetupError) {
    guard !issuer.isEmpty else { throw VerifierSetupError("the issuer is empty; name the one whose tokens to take") }
    guard !audience.isEmpty else {
      throw VerifierSetupError("the audience is empty; name the one that tokens for this service bear")
    }
    try options.check()
    self.issuer = issuer
    self.audience = audience
    self.options = options
    leeway = options.leeway.components.seconds
    self.keys = try Self.keys(keys, issuer, options)
    proofs = ProofGate(options.proofs, options.time)
    envelope = try options.decryptionKeys.map { text throws(VerifierSetupError) in
      try Envelope(keys: text, largestToken: options.largestToken, isOptional: options.acceptsUnencrypted)
    }
    revocations = try options.revocations.map { feed throws(VerifierSetupError) in
      try RevocationListener(feed, issuer: issuer, options)
    }
  }

  private static func keys(
    _ source: KeySource, _ issuer: String, _ options: VerifierOptions
  ) throws(VerifierSetupError) -> Keys {
    switch source {
    case .issuer:
      return try keys(.url(Remote.url("/.well-known/jwks.json", below: issuer)), issuer, options)
    case .url(let url):
      return try keys(.fetching(HTTPKeySetFetcher(url: url, options: options.fetching)), issuer, options)
    case .fetching(let fetching): return .fetched(KeyCache(fetching, options))
    case .document(let document):
      do { return .fixed(try TrustedKeys(document: document, largestToken: options.largestToken)) } catch {
        throw VerifierSetupError("\(error)")
      }
    }
  }

  /// Fetches the keys now, unless they are there: a service that does this at its start learns of a wrong URL or
  /// certificate then, and its first request doesn't wait.
  ///
  /// With ``VerifierOptions/revocations`` it also waits for what is denied, and throws
  /// ``VerificationError/revocationsUnavailable(_:)`` where tokens would be refused for want of it.
  public func prepare() async throws(VerificationError) {
    _ = try await trusted()
    try await revocations?.prepare()
  }

  /// Checks a token: form, type, key, signature, issuer, audience and times.
  ///
  /// It waits for the network only when the keys aren't there yet or the token names a key that isn't among them. A token
  /// that is bound to a key or a certificate is refused with ``VerificationError/boundToken``: see
  /// ``verify(authorization:_:)``.
  /// - Throws: why the token isn't taken, or that this can't be found out.
  public func verify(_ token: String) async throws(VerificationError) -> AccessToken {
    let verified = try await verified(token)
    guard verified.confirmation == nil else { throw .boundToken }
    return verified
  }

  /// Checks a token, whatever it is bound to.
  func verified(_ token: String) async throws(VerificationError) -> AccessToken {
    let (verified, claims) = try await signed(token)
    let read = try AccessToken(verified, claims, rolesClaim: options.rolesClaim)
    try check(claims)
    try await revocations?.check(read)
    return read
  }

  /// Checks a token like `verify`, but not that it has every claim which RFC 9068 asks for; the payload.
  package func payload(of token: String) async throws(VerificationError) -> [UInt8] {
    let (verified, claims) = try await signed(token)
    try check(claims)
    return verified.payload
  }

  /// Checks the token in a request's `Authorization` field (RFC 6750 section 2.1).
  /// - Parameter field: the field's value, `Bearer …`; nil when the request has none.
  public func verify(authorization field: String?) async throws(VerificationError) -> AccessToken {
    guard let field, let token = Self.token(in: field, scheme: "bearer") else { throw .missingToken }
    return try await verify(token)
  }

  private func trusted() async throws(VerificationError) -> (TrustedKeys, areNew: Bool) {
    switch keys {
    case .fixed(let trusted): (trusted, false)
    case .fetched(let cache): try await cache.keys()
    }
  }

  /// What a token holds that is signed by one of the issuer's keys, which may have to be fetched.
  private func signed(_ token: String) async throws(VerificationError) -> (VerifiedToken, JSONValue) {
    let token = try envelope?.open(token) ?? token
    let (trusted, areNew) = try await trusted()
    do throws(JOSEError) {
      return try Self.read(token, trusted)
    } catch {
      guard error == .unknownKey, !areNew, case .fetched(let cache) = keys, isMeantForUs(token) else {
        throw Self.refusal(error, token)
      }
      guard let newer = try await cache.keys(after: trusted) else { throw .unknownKey }
      do throws(JOSEError) { return try Self.read(token, newer) } catch { throw Self.refusal(error, token) }
    }
  }

  private static func read(_ token: String, _ trusted: TrustedKeys) throws(JOSEError) -> (VerifiedToken, JSONValue) {
    var token = token
    let result = token.withUTF8 { bytes in
      Result { () throws(JOSEError) in try unsafe trusted.verify(UnsafeRawBufferPointer(bytes)) }
    }
    let verified = try result.get()
    return (verified, try verified.claims)
  }

  private func check(_ claims: JSONValue) throws(VerificationError) {
    do {
      try Claims.check(
        payload: claims, issuer: issuer, audience: audience, now: options.time.now, leeway: leeway)
    } catch {
      throw VerificationError(error)
    }
  }

  /// Whether a token with an unknown key at least says that it is from our issuer. Anybody can write that, but those who
  /// send tokens of somebody else by mistake must not have keys fetched again and again.
  private func isMeantForUs(_ token: String) -> Bool {
    let parts = token.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 3, let payload = try? Base64URL.decode(String(parts[1])),
      let claims = try? JSONValue.parse(payload)
    else { return false }
    return claims["iss"]?.string?.utf8.elementsEqual(issuer.utf8) == true
  }

  private static func refusal(_ error: JOSEError, _ token: String) -> VerificationError {
    error == .malformed && Envelope.isEncrypted(token) ? .encrypted : VerificationError(error)
  }

  /// The scheme is compared without regard to case (RFC 9110 11.1), and spaces follow it.
  static func token(in field: String, scheme: String) -> String? {
    guard let end = field.utf8.firstIndex(of: 0x20), field[..<end].lowercased() == scheme else { return nil }
    let token = field.utf8[end...].drop { $0 == 0x20 }
    return token.isEmpty ? nil : String(Substring(token))
  }
}
