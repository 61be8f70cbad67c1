// Which pages may read answers: those of the configured origins and of the clients', and any page the published keys and
// metadata.
//
// With credentials for the clients' origins alone: in cookie mode their pages' refresh token is a cookie.

import HTTPServer
import Identity

/// Cross-origin rules (the Fetch standard, section 3.3), one loop's.
final class CORS {
  var origins: Set<String> { didSet { isOn = !origins.isEmpty || !pages.isEmpty } }
  var pages: PageOrigins { didSet { isOn = !origins.isEmpty || !pages.isEmpty } }
  /// Whether answers differ by origin at all; asked at each request.
  private var isOn: Bool
  private static let exposed = "DPoP-Nonce, WWW-Authenticate, Retry-After, X-Request-Id"

  init(_ origins: [String], _ pages: PageOrigins) {
    self.origins = Set(origins)
    self.pages = pages
    isOn = !origins.isEmpty || !pages.isEmpty
  }

  /// Whether the path is a prepared document's.
  private func isPublished(_ path: UnsafeRawBufferPointer) -> Bool {
    path.starts(with: "/.well-known/".utf8) || path.starts(with: "/v1/status/".utf8)
      || path.elementsEqual("/openapi.json".utf8)
  }

  /// Adds the response fields; answers a preflight and says so.
  func prepare(_ exchange: Exchange, _ allowed: [Method]) -> Bool {
    // Prepared documents carry their own "any origin", and browsers refuse an answer with two.
    guard isOn, !exchange.withPath(isPublished) else { return false }
    exchange.add("Vary", "Origin")
    guard let origin = exchange.field(.origin) else { return false }
    let isPage = !pages.clients(of: origin).isEmpty
    guard isPage || origins.contains(origin) else { return false }
    exchange.add("Access-Control-Allow-Origin", origin)
    if isPage { exchange.add("Access-Control-Allow-Credentials", "true") }
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
