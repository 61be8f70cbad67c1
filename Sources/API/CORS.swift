// Which pages may read answers: those of the configured origins, and any page the published keys and metadata.
//
// Without credentials: nothing here is authorised by a cookie.

import HTTPServer

/// Cross-origin rules (the Fetch standard, section 3.3), one loop's.
final class CORS {
  var origins: Set<String>
  private static let exposed = "DPoP-Nonce, WWW-Authenticate, Retry-After, X-Request-Id"

  init(_ origins: [String]) { self.origins = Set(origins) }

  /// Whether the path is a prepared document's.
  private func isPublished(_ path: UnsafeRawBufferPointer) -> Bool {
    path.starts(with: "/.well-known/".utf8) || path.starts(with: "/v1/status/".utf8)
      || path.elementsEqual("/openapi.json".utf8)
  }

  /// Adds the response fields; answers a preflight and says so.
  func prepare(_ exchange: Exchange, _ allowed: [Method]) -> Bool {
    // Prepared documents carry their own "any origin", and browsers refuse an answer with two.
    guard !origins.isEmpty, !exchange.withPath(isPublished) else { return false }
    exchange.add("Vary", "Origin")
    guard let origin = exchange.field(.origin), origins.contains(origin) else { return false }
    exchange.add("Access-Control-Allow-Origin", origin)
    guard exchange.method == .options, exchange.field(.accessControlRequestMethod) != nil, !allowed.isEmpty else {
      exchange.add("Access-Control-Expose-Headers", Self.exposed)
      return false
    }
    exchange.add("Access-Control-Allow-Methods", allowed.map { "\($0.name)" }.joined(separator: ", "))
    exchange.add("Access-Control-Allow-Headers", "Authorization, Content-Type, DPoP, X-Request-Id, X-Signet-CSRF")
    exchange.add("Access-Control-Max-Age", "600")
    exchange.respond(204)
    return true
  }
}
