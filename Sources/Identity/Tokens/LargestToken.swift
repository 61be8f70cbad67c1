// The largest token that a client's users can bring about, so that a form which can't hold is refused when it is
// registered and not at somebody's login.
//
// Without roles, of which a user may have any number; and a quote or backslash in a name, which takes two bytes in JSON,
// is counted as one. What passes the limit by these is refused when it is asked for.

import JOSE
import JSON
import OpenSSL
package import Storage

extension TokenForm {
  /// Throws `.tooLarge` when the tokens of `client` could pass their limit.
  /// - Parameters:
  ///   - issuer: what stands as `iss`.
  ///   - audience: that of clients which have none registered.
  package func checkLargest(
    for client: ClientRecord, issuer: String, audience: String
  ) throws(TokenFormError) {
    guard let limit else { return }
    let size = largest(for: client, issuer, audience)
    if size > limit { throw .tooLarge(size, limit: limit) }
  }

  /// Bytes of the largest token, before encryption.
  func largest(for client: ClientRecord, _ issuer: String, _ audience: String) -> Int {
    let audiences = client.audiences.isEmpty ? [audience] : client.audiences
    let content = Self.largestContent(client, audiences.max { $0.utf8.count < $1.utf8.count } ?? audience)
    var json = JSONWriter()
    let identifier = [UInt8](repeating: UInt8(ascii: "A"), count: 22)
    AccessTokenClaims(issuer: issuer).write(content, identifier: identifier, self, into: &json)
    if isReference { return ReferenceTokenCodec.size(claims: json.bytes.count) }
    let parts = [header(kid: client.tokens.macKey?.kid), json.bytes.count, signatureSize]
    return parts.reduce(2) { $0 + Base64URL.encodedSize($1) }
  }

  private static func largestContent(_ client: ClientRecord, _ audience: String) -> AccessTokenContent {
    let now: Int64 = 2_000_000_000_000
    let id = UniqueID(high: 0, low: 0)
    let text = String(repeating: "a", count: Username.limit)
    let isBound = client.requiresDPoP || client.requiresMTLS
    let confirmation: Confirmation? = isBound ? .x5t([UInt8](repeating: 0, count: 32)) : nil
    let session = NewSession(
      id: id, userID: id, clientID: client.id, scope: client.scopes.joined(separator: " "), audience: audience,
      amr: "pwd", now: now, idleDeadline: now, absoluteDeadline: now, addressPrefix: 0,
      confirmation: confirmation?.stored, device: nil, address: "",
      userAgent: nil)
    let user = UserRecord(
      id: id, username: text, email: text, emailVerified: false, passwordHash: nil, roles: "[]", claimsVersion: 1,
      disabledAt: nil, createdAt: now)
    return AccessTokenContent(
      session: SessionRecord(session, claimsVersion: 1), user: user, scope: session.scope,
      isFirstParty: client.isFirstParty, issuedAt: now, ttl: 0)
  }

  /// Bytes of the header's JSON, as `TokenSigner` writes it. A signing key's kid is its thumbprint.
  private func header(kid: String?) -> Int {
    let fixed = #"{"alg":"","typ":"","kid":""}"#.utf8.count + AccessToken.type.utf8.count
    switch signature {
    case .key(let algorithm): return fixed + algorithm.rawValue.utf8.count + 43
    case .mac(let algorithm): return fixed + algorithm.rawValue.utf8.count + (kid ?? "").utf8.count
    }
  }

  private var signatureSize: Int {
    switch signature {
    case .key(let algorithm): algorithm.scheme.signatureSize(algorithm.keyKind) ?? 0
    case .mac(let algorithm): algorithm.hash.size
    }
  }
}
