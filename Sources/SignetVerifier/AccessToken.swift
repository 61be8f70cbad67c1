// A verified access token: its claims in plain Swift types. It can't be made elsewhere, so a function that takes one
// can't be given what nobody has checked.

import JOSE
import JSON

/// The claims of an access token (RFC 9068 section 2.2) that has passed every check.
public struct AccessToken: Sendable {
  /// `iss`, the one that the verifier was made for.
  public let issuer: String
  /// `sub`: the user's stable id, or the client's where no user is involved.
  public let subject: String
  /// `aud`; the verifier's is among them.
  public let audiences: [String]
  /// `client_id`: the application that the token was issued to.
  public let clientID: String
  /// `sid`: the session, one login on one device; nil without a user.
  public let sessionID: String?
  /// The words of `scope`; empty when there is none.
  public let scopes: [String]
  /// The user's roles, from the claim that ``VerifierOptions/rolesClaim`` names; empty when there is none.
  public let roles: [String]
  /// `iat`, in seconds since 1970.
  public let issuedAt: Int64
  /// `exp`, in seconds since 1970.
  public let expiresAt: Int64
  /// `auth_time`: when the user logged in, in seconds since 1970; nil without a user.
  public let authTime: Int64?
  /// `amr`: how the user logged in (RFC 8176), such as `pwd`, `otp`; empty without a user.
  public let amr: [String]
  /// `cnf`: what the token is bound to, which ``SignetVerifier/SignetVerifier/verify(authorization:_:)`` has had proved; nil
  /// for a bearer token.
  public let confirmation: Confirmation?
  /// The nonce to answer as `DPoP-Nonce` (RFC 9449 section 8.2), since the client's proof had an older one; else nil.
  public internal(set) var dpopNonce: String?
  /// `jti`: the token's own id.
  public let jwtID: String
  /// `kid`: the key that signed it.
  public let keyID: String
  /// All claims as the JSON text that was signed, for a decoder of your own.
  public let payload: [UInt8]

  private let claims: JSONValue

  /// A claim by its name, those above included; nil when the token has none of that name.
  public subscript(_ name: String) -> ClaimValue? { claims[name].map(ClaimValue.init) }

  /// Whether the token has this scope, byte for byte.
  public func has(scope: String) -> Bool { scopes.contains { $0.utf8.elementsEqual(scope.utf8) } }

  /// Whether the user has this role, byte for byte.
  public func has(role: String) -> Bool { roles.contains { $0.utf8.elementsEqual(role.utf8) } }

  /// Throws ``VerificationError/missingScope(_:)`` unless the token has this scope.
  public func require(scope: String) throws(VerificationError) {
    guard has(scope: scope) else { throw .missingScope(scope) }
  }

  /// Throws ``VerificationError/missingRole(_:)`` unless the user has this role.
  public func require(role: String) throws(VerificationError) {
    guard has(role: role) else { throw .missingRole(role) }
  }
}

extension AccessToken: CustomStringConvertible, CustomReflectable {
  /// Nothing but the token's id: claims don't belong into a log by accident.
  public var description: String { "AccessToken(\(jwtID))" }

  /// No claims either.
  public var customMirror: Mirror { Mirror(self, children: ["jwtID": jwtID]) }
}

extension AccessToken {
  /// Reads the claims of a token whose signature was found good; the rest is still to be checked.
  init(_ token: VerifiedToken, _ claims: JSONValue, rolesClaim: String) throws(VerificationError) {
    self.claims = claims
    payload = token.payload
    keyID = token.kid
    issuer = try claims.required("iss") { $0.string }
    subject = try claims.required("sub") { $0.string }
    clientID = try claims.required("client_id") { $0.string }
    jwtID = try claims.required("jti") { $0.string }
    issuedAt = try claims.required("iat") { $0.time }
    expiresAt = try claims.required("exp") { $0.time }
    _ = try claims.optional("nbf") { $0.time }
    audiences = try claims.required("aud") { $0.string.map { [$0] } ?? $0.strings }
    sessionID = try claims.optional("sid") { $0.string }
    authTime = try claims.optional("auth_time") { $0.time }
    amr = try claims.optional("amr") { $0.strings } ?? []
    confirmation = try Confirmation(claim: claims["cnf"])
    roles = try claims.optional(rolesClaim) { $0.strings } ?? []
    let scope = try claims.optional("scope") { $0.string } ?? ""
    scopes = scope.split(separator: " ").map(String.init)
  }
}

extension JSONValue {
  fileprivate func required<Value>(
    _ name: String, _ read: (JSONValue) -> Value?
  ) throws(VerificationError) -> Value {
    guard let value = try optional(name, read) else { throw .missingClaim(name) }
    return value
  }

  fileprivate func optional<Value>(
    _ name: String, _ read: (JSONValue) -> Value?
  ) throws(VerificationError) -> Value? {
    guard let claim = self[name] else { return nil }
    guard let value = read(claim) else { throw .invalidClaim(name) }
    return value
  }

  fileprivate var strings: [String]? {
    guard let array else { return nil }
    let strings = array.compactMap(\.string)
    return strings.count == array.count ? strings : nil
  }

  /// A NumericDate (RFC 7519 section 2) in whole seconds, between 1970 and the year 9999.
  fileprivate var time: Int64? {
    guard let number, number >= 0, number < 253_402_300_800 else { return nil }
    return Int64(number)
  }
}
