// What a proof says (RFC 9449 section 4.2), and what it has to be about.

import JOSE
import JSON

/// The claims of a proof; anybody may have written them.
struct Proof {
  /// The longest `jti` and `nonce` that are looked at, in bytes.
  static let longest = 256

  /// `jti`.
  let identifier: String
  /// `htm`.
  let method: String
  /// `htu`.
  let uri: String
  /// `iat`, in milliseconds since 1970.
  let createdAt: Int64
  /// `ath`.
  let accessTokenHash: String?
  let nonce: String?

  init(_ payload: [UInt8]) throws(ProofRefusal) {
    guard let claims = try? JSONValue.parse(payload, depth: 8), claims.object != nil else {
      throw .malformed(.invalidPayload)
    }
    identifier = try Self.text(claims, "jti", longest: Self.longest)
    method = try Self.text(claims, "htm", longest: 32)
    uri = try Self.text(claims, "htu", longest: RequestURI.longest)
    // RFC 7519 section 2: it may have a fraction.
    guard let time = claims["iat"]?.number, time >= 0, time < 253_402_300_800 else { throw .claim("iat") }
    createdAt = Int64(time * 1000)
    accessTokenHash = try Self.optional(claims, "ath", longest: Self.longest)
    nonce = try Self.optional(claims, "nonce", longest: Self.longest)
  }

  private static func text(_ claims: JSONValue, _ name: String, longest: Int) throws(ProofRefusal) -> String {
    guard let text = try optional(claims, name, longest: longest) else { throw .claim(name) }
    return text
  }

  private static func optional(
    _ claims: JSONValue, _ name: String, longest: Int
  ) throws(ProofRefusal) -> String? {
    guard let claim = claims[name] else { return nil }
    guard let text = claim.string, (1...longest).contains(text.utf8.count) else { throw .claim(name) }
    return text
  }
}

/// The request that a proof has to be about.
package struct ProofRequest: Sendable {
  /// The method as it came.
  package let method: String
  /// The URI as the client sees it, without query: from what is configured, never from what a client wrote.
  package let uri: String
  /// The access token that comes with it.
  package let accessToken: String?
  /// The thumbprint of the key which that token is bound to, 32 bytes.
  package let boundTo: [UInt8]?
  /// Milliseconds since 1970.
  package let now: Int64

  package init(
    method: String, uri: String, accessToken: String? = nil, boundTo: [UInt8]? = nil, now: Int64
  ) {
    self.method = method
    self.uri = uri
    self.accessToken = accessToken
    self.boundTo = boundTo
    self.now = now
  }
}
