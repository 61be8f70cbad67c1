// Every error answer of Signet, in one exhaustive switch: status, code, sentence, challenge.

import HTTPServer
import Identity
import JSON

/// Which challenges an endpoint makes, and which status an unfit grant has.
enum ErrorStyle {
  /// `/v1/login`, `/v1/refresh`: `Bearer` without `error`; a grant that isn't good is 401.
  case credentials
  /// Endpoints that take an access token (RFC 6750 section 3).
  case bearer
  /// `/v1/verify`, which takes bearer tokens alone.
  case gateway
  /// `/oauth2/*` (RFC 6749 section 5.2): a grant that isn't good is 400, only a client's failure 401.
  case oauth
}

/// The answer to a refusal.
struct ErrorResponse {
  let status: Int
  let error: String
  let description: String
  /// Fields `WWW-Authenticate`.
  var challenges: [String]
  var retryAfter: Int?
  /// The field `DPoP-Nonce` (RFC 9449 section 8).
  var nonce: String?

  init(
    _ status: Int, _ error: String, _ description: String, challenge: String? = nil, retryAfter: Int? = nil,
    nonce: String? = nil
  ) {
    self.nonce = nonce
    self.status = status
    self.error = error
    self.description = description
    challenges = challenge.map { [$0] } ?? []
    self.retryAfter = retryAfter
  }

  /// What a client is told of `refusal`: helpful, but never which of several secrets was wrong.
  init(_ refusal: Refusal, _ style: ErrorStyle) {
    let bearer = #"Bearer realm="signet""#
    switch refusal.code {
    case .invalidRequest(let why): self.init(400, "invalid_request", why)
    case .unsupportedMediaType(let expected):
      self.init(415, "unsupported_media_type", "the body must be \(expected); say so in Content-Type")
    case .invalidCredentials:
      self.init(401, "invalid_credentials", "username or password isn't good", challenge: bearer)
    case .invalidGrant:
      self.init(
        style == .oauth ? 400 : 401, "invalid_grant", Self.grantSentence, challenge: style == .oauth ? nil : bearer)
    case .invalidToken:
      self.init(401, "invalid_token", Self.tokenSentence, challenge: bearer + #", error="invalid_token""#)
    case .missingToken: self.init(missingToken: bearer, style)
    case .unverifiableToken:
      self.init(401, "invalid_token", Self.boundSentence, challenge: bearer + #", error="invalid_token""#)
    case .invalidDPoPProof(let why): self.init(400, "invalid_dpop_proof", why)
    case .useDPoPNonce(let nonce): self.init(400, "use_dpop_nonce", Self.nonceSentence, nonce: nonce)
    case .challengedProof, .challengedNonce, .challengedScope, .invalidBoundToken: self.init(challenge: refusal.code)
    case .invalidClient:
      self.init(
        401, "invalid_client", Self.clientSentence, challenge: style == .oauth ? #"Basic realm="signet""# : bearer)
    case .insufficientScope:
      self.init(403, "insufficient_scope", Self.rightSentence, challenge: bearer + #", error="insufficient_scope""#)
    case .forbidden(let why): self.init(403, "forbidden", why)
    case .conflict(let why): self.init(409, "conflict", why)
    case .invalidScope: self.init(400, "invalid_scope", "the scope isn't one the client may ask for")
    case .invalidTarget: self.init(400, "invalid_target", "the audience isn't one the client may ask for")
    case .unauthorizedClient: self.init(400, "unauthorized_client", "the client isn't registered for this grant")
    case .unsupportedGrantType:
      self.init(400, "unsupported_grant_type", "grant_type must be one that the metadata lists")
    case .unsupportedTokenType:
      self.init(400, "unsupported_token_type", Self.revocationSentence)
    case .notFound(let what): self.init(404, "not_found", what)
    case .temporarilyUnavailable(let seconds):
      self.init(503, "temporarily_unavailable", "too busy at the moment; try again", retryAfter: seconds)
    case .serverError: self.init(500, "server_error", "something went wrong on our side; the log knows the request id")
    }
  }

  /// RFC 9449 section 7.2: both challenges, where both schemes are taken.
  private init(missingToken bearer: String, _ style: ErrorStyle) {
    self.init(401, "invalid_token", "an access token is needed: Authorization: Bearer TOKEN", challenge: bearer)
    if style != .gateway { challenges.append(Self.dpop()) }
  }

  /// What a client is told that used a bound token without its proof.
  private init(challenge code: Refusal.Code) {
    switch code {
    case .challengedProof(let why): self.init(dpop: "invalid_dpop_proof", why)
    case .challengedNonce(let nonce): self.init(dpop: "use_dpop_nonce", Self.nonceSentence, nonce: nonce)
    case .challengedScope: self.init(dpop: "insufficient_scope", Self.rightSentence, status: 403)
    default: self.init(dpop: "invalid_token", "the access token isn't good, or no longer, or not by this scheme")
    }
  }

  /// RFC 9449 section 7.1.
  private init(dpop error: String, _ description: String, status: Int = 401, nonce: String? = nil) {
    self.init(status, error, description, challenge: Self.dpop(error), nonce: nonce)
  }

  private static func dpop(_ error: String? = nil) -> String {
    let algorithms = ProofAlgorithms.names.joined(separator: " ")
    return #"DPoP realm="signet""# + (error.map { #", error="\#($0)""# } ?? "") + #", algs="\#(algorithms)""#
  }

  private static let grantSentence = "the refresh token isn't good, or no longer; log in again"
  private static let tokenSentence = "the access token isn't good, or no longer; refresh it or log in"
  private static let boundSentence =
    "tokens that are bound to a key aren't taken here, where their proof can't be checked; the service itself must verify them"
  private static let rightSentence = "the access token gives no right to this"
  private static let clientSentence = "the client is unknown, or may not do this here"
  private static let revocationSentence =
    "tokens of this form can't be revoked one by one; revoke the session's refresh token"
  private static let nonceSentence = "the DPoP proof must have the nonce of the field DPoP-Nonce; send a new proof"

  /// The server's own refusals, of requests that reached no endpoint.
  init(_ error: HTTPError) {
    let code =
      switch error.status {
      case 404: "not_found"
      case 405: "method_not_allowed"
      case 413: "too_large"
      case 414, 431: "too_large"
      case 500: "server_error"
      case 503: "temporarily_unavailable"
      default: "invalid_request"
      }
    self.init(error.status, code, error.sentence, retryAfter: error.status == 503 ? 1 : nil)
  }

  /// Answers with it.
  func answer(_ exchange: Exchange) {
    for challenge in challenges { exchange.add("WWW-Authenticate", challenge) }
    if let nonce { exchange.add("DPoP-Nonce", nonce) }
    if let retryAfter { exchange.add("Retry-After", String(retryAfter)) }
    exchange.add("Cache-Control", "no-store")
    var json = JSONWriter()
    json.beginObject()
    json.member("error", error)
    // RFC 6749 section 5.2: no quote and no backslash.
    json.member("error_description", String(description.map { $0 == "\"" || $0 == "\\" ? "'" : $0 }))
    json.member("request_id", exchange.requestID)
    json.endObject()
    exchange.respond(status, contentType: "application/json", body: json.bytes)
  }
}
