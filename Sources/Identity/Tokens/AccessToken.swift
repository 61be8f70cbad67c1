// The access token: a JWT of RFC 9068, written from a session's row.
//
// Everything in it follows from the row, the user and the generation, so that a lost answer can be given again: `iat` is
// when the generation was made, and `jti` a MAC over what the token is about. The generation stands in the `jti` in
// clear, because a bearer check asks whether that generation is still good.

import JOSE
import JSON
import OpenSSL
import Storage

/// What an access token is made from. Times are milliseconds since 1970.
struct AccessTokenContent {
  let session: SessionRecord
  let user: UserRecord
  /// What this token is for; narrower than the session's when the client asked for that.
  let scope: String
  /// Whether the issuer stands in `aud` too, as it does for first-party clients only.
  let isFirstParty: Bool
  let issuedAt: Int64
  let ttl: Int64

  /// When it expires: never after the session's absolute deadline.
  var expiresAt: Int64 { min(issuedAt + ttl, session.absoluteDeadline) }
}

/// Writes access tokens; confined to one thread, as the signing context is.
final class AccessTokenWriter {
  private let signer: TokenSigner
  private let mac: HMACSHA256
  private let issuer: String
  private var json = JSONWriter()

  init(_ ring: KeyRing, issuer: String) throws {
    guard let key = ring.signing[ring.algorithm] else { throw KeyRingError.algorithm(ring.algorithm.rawValue) }
    signer = try TokenSigner(key: key, type: AccessToken.type)
    mac = try HMACSHA256(key: ring.newest(.accessTokenID).key)
    self.issuer = issuer
  }

  /// The signed token in compact form.
  func write(_ content: AccessTokenContent) throws(JOSEError) -> String {
    json.reset()
    writeClaims(content)
    var compact: [UInt8] = []
    try signer.sign(payload: json.bytes, into: &compact)
    return String(decoding: compact, as: UTF8.self)
  }

  // RFC 9068 section 2.2.
  private func writeClaims(_ content: AccessTokenContent) {
    let session = content.session
    json.beginObject()
    json.member("iss", issuer)
    json.member("sub", content.user.id.description)
    if content.isFirstParty {
      json.member("aud", [session.audience, issuer])
    } else {
      json.member("aud", session.audience)
    }
    json.member("exp", content.expiresAt / 1000)
    json.member("iat", content.issuedAt / 1000)
    json.member("jti", identifier(content))
    json.member("client_id", session.clientID)
    json.member("sid", session.id.description)
    json.member("auth_time", session.authTime / 1000)
    json.member("amr", session.amr.split(separator: " ").map(String.init))
    if !content.scope.isEmpty { json.member("scope", content.scope) }
    if content.user.roles != "[]", let roles = try? JSONValue.parse(Array(content.user.roles.utf8)) {
      json.member("roles", roles)
    }
    json.endObject()
  }

  private func identifier(_ content: AccessTokenContent) -> String {
    var bytes: [UInt8] = []
    append(content.session.generation, to: &bytes)
    append(content.session.id.high, to: &bytes)
    append(content.session.id.low, to: &bytes)
    append(content.issuedAt, to: &bytes)
    append(content.user.claimsVersion, to: &bytes)
    bytes += content.scope.utf8
    return Base64URL.encode(Array(bytes.prefix(4) + mac.tag(bytes)[..<12]))
  }
}

/// What every access token has in common.
enum AccessToken {
  /// RFC 9068 section 2.1.
  static let type = "at+jwt"

  /// The generation a `jti` of ours names.
  static func generation(of jti: String) -> UInt32? {
    guard let bytes = try? Base64URL.decode(jti), bytes.count == 16 else { return nil }
    return word(bytes, 0)
  }
}
