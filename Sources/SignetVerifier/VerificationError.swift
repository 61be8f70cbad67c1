// Why a token was not taken, by cause, and what to answer a client: a wrong token is its fault (401), a lack of rights
// something it can't mend by logging in (403), and keys that can't be had are nobody's fault whom it could tell (503).

import JOSE
import Proofs

/// A refused token.
///
/// No case and no description holds a piece of the token, so all of them may go to logs and to clients.
public enum VerificationError: Error, Equatable, Sendable {
  /// The request has no `Authorization` field, or one for another scheme than `Bearer`.
  case missingToken
  /// It isn't a compact JWS (RFC 7515 section 7.1) with canonical base64url and strict JSON inside.
  case malformed
  /// It is encrypted (RFC 7516), and this verifier has no ``VerifierOptions/decryptionKeys``.
  case encrypted
  /// It isn't encrypted, and this verifier has ``VerifierOptions/decryptionKeys``.
  case notEncrypted
  /// It is encrypted to somebody else, or in a way that is refused, or altered; which of these, isn't told.
  case undecryptable
  /// It is larger than ``VerifierOptions/largestToken``.
  case tooLarge
  /// Its `typ` isn't `at+jwt` (RFC 9068 section 2.1): it was made for another purpose.
  case wrongType
  /// Its header demands an extension or brings a key of its own: `crit`, `b64`, `jwk`, `jku`, `x5u`, `x5c`.
  case refusedHeader
  /// It names no key, or one which the issuer doesn't publish.
  case unknownKey
  /// Its `alg` isn't that of its key, or is `none`.
  case wrongAlgorithm
  case wrongSignature
  /// It lacks one of `iss`, `sub`, `aud`, `exp`, `iat`, `jti`, `client_id` (RFC 9068 section 2.2).
  case missingClaim(String)
  /// This claim has another form than its RFC gives it.
  case invalidClaim(String)
  case wrongIssuer
  case wrongAudience
  case expired
  case notYetValid
  case issuedInFuture
  /// Its session has ended, or it or its key was revoked, as the feed of revocations says.
  case revoked
  /// The token is bound to a key or a certificate, which this request doesn't prove: by the scheme `Bearer`, or without the
  /// certificate.
  case boundToken
  /// The token came by the scheme `DPoP` and isn't bound to a key.
  case unboundToken
  /// The token is bound to another certificate than the client's.
  case wrongCertificate
  /// The DPoP proof is missing or isn't good; why.
  case invalidProof(String)
  /// The DPoP proof must have this nonce: answer it as `DPoP-Nonce`, and the client sends a new proof.
  case nonceRequired(String)
  /// So many proofs were used lately that no further one can be remembered.
  case proofsUnavailable
  /// The token is good and lacks this scope.
  case missingScope(String)
  /// The token is good and its user lacks this role.
  case missingRole(String)
  /// The token can't be judged, since the issuer's keys can't be had.
  case keysUnavailable(FetchProblem)
  /// Nobody can tell whether the token was denied, since the feed of revocations is silent, and the service has chosen
  /// ``RevocationFeed/WhenSilent/failClosed``.
  case revocationsUnavailable(FetchProblem)
  /// The task was cancelled while it waited for keys or for the feed.
  case cancelled
  /// OpenSSL failed otherwise than by finding a signature wrong: it has no memory left.
  case cryptographyFailed
}

extension VerificationError {
  /// The status to answer: 401, 403 or 503.
  public var status: Int {
    switch self {
    case .missingScope, .missingRole: 403
    case .keysUnavailable, .revocationsUnavailable, .proofsUnavailable, .cancelled, .cryptographyFailed: 503
    default: 401
    }
  }

  /// The value of `WWW-Authenticate` to answer with 401 or 403 (RFC 6750 section 3); nil with 503.
  public var challenge: String? {
    switch self {
    case .missingToken: return "Bearer"
    case .keysUnavailable, .revocationsUnavailable, .proofsUnavailable, .cancelled, .cryptographyFailed: return nil
    case .boundToken, .unboundToken: return dpop("invalid_token")
    case .invalidProof: return dpop("invalid_dpop_proof")
    case .nonceRequired: return dpop("use_dpop_nonce")
    case .missingScope(let scope) where scope.utf8.allSatisfy(Self.isScopeByte):
      return "Bearer error=\"insufficient_scope\", scope=\"\(scope)\""
    case .missingScope, .missingRole: return "Bearer error=\"insufficient_scope\""
    default: return "Bearer error=\"invalid_token\", error_description=\"\(quotable)\""
    }
  }

  /// What to answer as `DPoP-Nonce` (RFC 9449 section 9); nil when nothing.
  public var dpopNonce: String? { if case .nonceRequired(let nonce) = self { nonce } else { nil } }

  /// RFC 9449 section 7.1.
  private func dpop(_ error: String) -> String {
    let algorithms = ProofChecker.algorithms.map(\.rawValue).joined(separator: " ")
    return "DPoP error=\"\(error)\", error_description=\"\(quotable)\", algs=\"\(algorithms)\""
  }

  /// RFC 6750 section 3: a description has neither quotation marks nor backslashes. The one name in it that isn't ours
  /// is `VerifierOptions.rolesClaim`.
  private var quotable: String {
    let isGood: (UInt8) -> Bool = { (0x20...0x7E).contains($0) && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }
    return String(decoding: description.utf8.map { isGood($0) ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
  }

  /// RFC 6749 appendix A.4.
  private static func isScopeByte(_ byte: UInt8) -> Bool {
    (0x21...0x7E).contains(byte) && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
  }
}

extension VerificationError: CustomStringConvertible {
  /// One sentence without a full stop.
  public var description: String {
    switch self {
    case .missingToken: "the request has no bearer token"
    case .malformed: "the token is malformed"
    case .encrypted: "the token is encrypted"
    case .notEncrypted: "the token is not encrypted"
    case .undecryptable: "the token can't be decrypted"
    case .tooLarge: "the token is too large"
    case .wrongType: "the token is not an access token"
    case .refusedHeader: "the token's header asks for what is refused"
    case .unknownKey: "the token's key is unknown"
    case .wrongAlgorithm: "the token's algorithm is not that of its key"
    case .wrongSignature: "the token's signature is wrong"
    case .missingClaim(let name): "the token lacks the claim \(name)"
    case .invalidClaim(let name): "the token's claim \(name) has the wrong form"
    case .wrongIssuer: "the token is from another issuer"
    case .wrongAudience: "the token is for another audience"
    case .expired: "the token has expired"
    case .notYetValid: "the token is not valid yet"
    case .issuedInFuture: "the token was issued in the future"
    case .revoked: "the token was revoked"
    case .boundToken: "the token is bound to a key or a certificate, which has to be proved"
    case .unboundToken: "the token is not bound to a key"
    case .wrongCertificate: "the token is bound to another certificate"
    case .invalidProof(let why): why
    case .nonceRequired: "the DPoP proof needs a nonce"
    case .proofsUnavailable: "too many DPoP proofs at the moment"
    case .missingScope(let scope): "the token lacks the scope \(scope)"
    case .missingRole(let role): "the user lacks the role \(role)"
    case .keysUnavailable(let problem): "the issuer's keys can't be had: \(problem)"
    case .revocationsUnavailable(let problem): "the issuer's revocations can't be had: \(problem)"
    case .cancelled: "the verification was cancelled"
    case .cryptographyFailed: "the cryptographic library failed"
    }
  }
}

extension VerificationError {
  init(_ error: JOSEError) {
    switch error {
    case .tooLarge: self = .tooLarge
    case .malformed, .invalidBase64URL, .invalidHeader, .invalidPayload: self = .malformed
    case .missingAlgorithm, .algorithmMismatch: self = .wrongAlgorithm
    case .missingKeyID, .unknownKey: self = .unknownKey
    case .typeMismatch: self = .wrongType
    case .criticalHeader, .keyInHeader, .privateKeyInHeader: self = .refusedHeader
    case .invalidSignature: self = .wrongSignature
    case .missingClaim: self = .missingClaim("iss, aud or exp")
    case .invalidClaim: self = .invalidClaim("iss, aud, exp, nbf or iat")
    case .issuerMismatch: self = .wrongIssuer
    case .audienceMismatch: self = .wrongAudience
    case .expired: self = .expired
    case .notYetValid: self = .notYetValid
    case .issuedInFuture: self = .issuedInFuture
    case .missingEncryption, .encryptionMismatch, .compressed, .invalidEphemeralKey, .encryptedKeyMismatch,
      .invalidContentSize, .decryptionFailed:
      self = .undecryptable
    // The rest is about keys, which were checked before they verified anything.
    case .invalidKey, .unsupportedKey, .unavailableAlgorithm, .weakKey, .wrongKeyUse, .noPublicKey, .duplicateKeyID,
      .tooManyKeys, .cryptographyFailed, .costlyKey:
      self = .cryptographyFailed
    }
  }
}
