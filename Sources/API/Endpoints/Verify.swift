// Forward authentication: what a gateway asks of each request before it hands it on (nginx's auth_request, Caddy's
// forward_auth, Traefik's ForwardAuth, Envoy's ext_authz). The request comes with the client's `Authorization`; the answer is
// yes with the claims as fields, or no.
//
// A token that is bound to a key isn't taken: its proof is about the service's URL, and what that is nobody but the service
// knows for sure.
//
// Answered from what the loop has; the store is asked only while the denylist in memory isn't whole. Every field stands in every yes, empty where the token says nothing:
// a gateway that copies fields then overwrites what a client has sent under these names.

import HTTPServer
import Identity
import Storage

extension Endpoints {
  func verify(_ exchange: Exchange) async throws(Refusal) {
    let audience = try audience(exchange)
    guard let token = exchange.withField(.authorization, bearerToken) else {
      throw Refusal(.missingToken, cause: "no_token")
    }
    guard let token else {
      let isDPoP = exchange.field(.authorization)?.lowercased().hasPrefix("dpop ") == true
      throw isDPoP
        ? Refusal(.unverifiableToken, cause: "dpop_at_gateway") : Refusal(.missingToken, cause: "no_bearer")
    }
    answer(exchange, try await issuer.verify(bearer: token, audience: audience))
  }

  /// The audience asked about; nil: the configured one. Two of them are refused: of a gateway's address and its client's
  /// query nobody could say which is whose.
  private func audience(_ exchange: Exchange) throws(Refusal) -> String? {
    let audiences = exchange.queries("audience")
    guard audiences.count <= 1 else {
      throw Refusal(.invalidRequest("parameter audience stands in the query twice"), cause: "two_audiences")
    }
    guard audiences.first != "" else {
      throw Refusal(.invalidRequest("parameter audience is empty"), cause: "no_audience")
    }
    return audiences.first
  }

  private func answer(_ exchange: Exchange, _ access: VerifiedAccess) {
    exchange.userID = access.subject
    exchange.clientID = access.clientID
    exchange.sessionID = access.session?.description
    exchange.add("X-Signet-Sub", percentEncoded(access.subject))
    exchange.add("X-Signet-Client-Id", percentEncoded(access.clientID))
    exchange.add("X-Signet-Sid", access.session?.description ?? "")
    exchange.add("X-Signet-Scope", percentEncoded(list: access.scope.split(separator: " ")))
    exchange.add("X-Signet-Roles", percentEncoded(list: access.roles))
    exchange.add("X-Signet-Exp", String(access.expiresAt))
    exchange.add("X-Signet-Jti", access.jti)
    exchange.add("X-Signet-Aud", percentEncoded(list: access.audiences))
    exchange.add("Cache-Control", "no-store")
    exchange.respond(200)
  }
}

/// The token of an `Authorization` field's value with the scheme `Bearer` (RFC 6750 section 2.1); nil with another.
private func bearerToken(in field: UnsafeRawBufferPointer) -> String? {
  let scheme = "bearer "
  // In lower case; a space stays one.
  guard field.prefix(scheme.utf8.count).lazy.map({ $0 | 0x20 }).elementsEqual(scheme.utf8) else { return nil }
  return String(decoding: field[scheme.utf8.count...], as: UTF8.self)
}

/// The text with every byte of its UTF-8 percent-encoded but for RFC 3986's unreserved ones (section 2.3): letters, digits,
/// `-`, `.`, `_` and `~`.
func percentEncoded(_ text: some StringProtocol) -> String {
  guard !text.utf8.allSatisfy(isUnreserved) else { return String(text) }
  var encoded: [UInt8] = []
  encoded.reserveCapacity(3 * text.utf8.count)
  for byte in text.utf8 {
    if isUnreserved(byte) {
      encoded.append(byte)
    } else {
      encoded.append(UInt8(ascii: "%"))
      for digit in [byte >> 4, byte & 15] { encoded.append(digit < 10 ? 0x30 + digit : 0x37 + digit) }
    }
  }
  return String(decoding: encoded, as: UTF8.self)
}

/// The elements, each percent-encoded, so that a comma always stands between two (RFC 9110 section 5.6.1).
func percentEncoded(list: [some StringProtocol]) -> String { list.map { percentEncoded($0) }.joined(separator: ",") }

private func isUnreserved(_ byte: UInt8) -> Bool {
  switch byte {
  case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
    UInt8(ascii: "~"):
    true
  default: false
  }
}
