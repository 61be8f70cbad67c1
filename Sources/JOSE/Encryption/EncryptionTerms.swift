// What a key for encryption may be used for. The key decides: a header has to agree with it, and never adds to it.

import OpenSSL

/// A key's algorithms.
struct EncryptionTerms: Sendable {
  /// The key's name, nil when it has none.
  let kid: String?
  /// What to encrypt with, and what a header's `alg` must be. One algorithm a key (RFC 8725 3.1), but for
  /// `alternative`.
  let algorithm: KeyManagementAlgorithm
  /// What a header's `alg` may be as well: a key on a curve that names no algorithm takes both forms of ECDH-ES. The
  /// keys they derive are bound to the algorithm's name (RFC 7518 4.6.2), so that neither form's tokens help with the
  /// other's.
  let alternative: KeyManagementAlgorithm?
  /// What a header's `enc` may be.
  let contents: [ContentEncryption]
  /// Whether the key itself names its content encryption.
  let bindsContent: Bool
  /// Whether the key may encrypt: a symmetric one need not (RFC 7517 4.3).
  let encrypts: Bool

  /// The terms of an asymmetric key; without `algorithm` it is the kind's own. Throws `unsupportedKey` when the key is
  /// not for that algorithm.
  init(
    kid: String?, _ algorithm: KeyManagementAlgorithm?, _ content: ContentEncryption?, kind: KeyKind
  ) throws(JOSEError) {
    let fitting = KeyManagementAlgorithm.allCases.filter { $0.accepts(kind) && $0 == algorithm ?? $0 }
    guard let first = fitting.first else { throw .unsupportedKey }
    self.kid = kid
    self.algorithm = first
    alternative = fitting.dropFirst().first
    contents = content.map { [$0] } ?? ContentEncryption.allCases
    bindsContent = content != nil
    encrypts = true
  }

  /// The terms of a symmetric key of that many bytes; throws `unsupportedKey` or, for the wrong size, `invalidKey`.
  init(
    kid: String?, _ algorithm: KeyManagementAlgorithm, _ content: ContentEncryption?, size: Int, encrypts: Bool = true
  ) throws(JOSEError) {
    guard algorithm.isSymmetric else { throw .unsupportedKey }
    self.kid = kid
    self.algorithm = algorithm
    alternative = nil
    let named = content.map { [$0] } ?? ContentEncryption.allCases
    contents = algorithm == .direct ? named.filter { $0.keySize == size } : named
    bindsContent = content != nil
    self.encrypts = encrypts
    guard !contents.isEmpty, algorithm == .direct || size == AESKeyWrap.keySize else { throw .invalidKey }
  }

  /// The terms of a JWK, whose `alg` is one of ours or, for a symmetric key, an `enc`: then it is used directly, as
  /// RFC 7520 5.6 does. `enc` is no registered member of a JWK, but where somebody wrote one it binds. `chosen` is the
  /// caller's wish for a key that leaves the choice. Throws `unsupportedKey` or `invalidKey`.
  init(_ members: JWKMembers, _ chosen: KeyManagementAlgorithm?, kind: KeyKind?, size: Int?) throws(JOSEError) {
    let content = try Self.content(members)
    var algorithm = chosen
    if let name = members.alg, kind != nil || ContentEncryption(rawValue: name) == nil {
      guard let named = KeyManagementAlgorithm(rawValue: name) else { throw .unsupportedKey }
      algorithm = named
    } else if members.alg != nil {
      algorithm = .direct
    }
    guard algorithm == chosen ?? algorithm else { throw .unsupportedKey }
    if let kind {
      try self.init(kid: members.kid, algorithm, content, kind: kind)
    } else {
      // A symmetric key says nothing about what it is for but by `alg`.
      guard let algorithm, let size else { throw .unsupportedKey }
      let encrypts = members.declaredUse.allows(.encrypt)
      try self.init(kid: members.kid, algorithm, content, size: size, encrypts: encrypts)
    }
  }

  private static func content(_ members: JWKMembers) throws(JOSEError) -> ContentEncryption? {
    let named = members.alg.flatMap { ContentEncryption(rawValue: $0) }
    guard let name = try members.text("enc") else { return named }
    guard let content = ContentEncryption(rawValue: name) else { throw .unsupportedKey }
    guard content == named ?? content else { throw .invalidKey }
    return content
  }
}
