// What clients ask of, and do to, the tokens that they hold: introspection (RFC 7662) and revocation (RFC 7009).

import HTTPServer
import Identity

extension Endpoints {
  /// RFC 7662 section 2. `token_type_hint` isn't needed: each kind of token is known by its first characters.
  func introspect(_ exchange: Exchange) async throws(Refusal) {
    let form = try FormBody(exchange)
    let client = try await confidentialClient(exchange, form)
    let token = try form.required("token")
    let wantsSigned = Self.wantsSigned(exchange.field(.accept) ?? "")
    let answer =
      wantsSigned
      ? try await issuer.signedIntrospection(token, for: client) : try await issuer.introspect(token, for: client)
    let type: StaticString = wantsSigned ? "application/token-introspection+jwt" : "application/json"
    exchange.add("Cache-Control", "no-store")
    exchange.respond(200, contentType: type, body: answer)
  }

  /// RFC 7009 section 2: 200 also for what isn't a token, or isn't this client's.
  func revoke(_ exchange: Exchange) async throws(Refusal) {
    let form = try FormBody(exchange)
    let client = try await authenticatedClient(exchange, form)
    try await issuer.revoke(try form.required("token"), by: client, from: requester(exchange))
    exchange.add("Cache-Control", "no-store")
    exchange.respond(200)
  }

  /// Whether a value of `Accept` (RFC 9110 section 12.5.1) names the signed answer, and JSON no more than it.
  private static func wantsSigned(_ accept: String) -> Bool {
    var (signed, plain) = (0.0, 0.0)
    for range in accept.split(separator: ",") {
      let parts = range.split(separator: ";").map { $0.lowercased().filter { $0 != " " && $0 != "\t" } }
      let weight = parts.dropFirst().first { $0.hasPrefix("q=") }.map { Double($0.dropFirst(2)) ?? 0 } ?? 1
      switch parts.first {
      case "application/token-introspection+jwt": signed = weight
      case "application/json": plain = weight
      default: break
      }
    }
    return signed > 0 && signed >= plain
  }
}
