// Who may use the admin API: whoever can read the data folder's admin.token on this machine, or an administrator by an
// access token that is for the admin API alone.
//
// The file's token is made anew at each start, so one that leaked is worth nothing after the next; it is taken from this
// machine only, whatever the listener is bound to.

import HTTPServer
import Identity
import Storage

/// Whoever acts through the admin API.
struct Administrator {
  /// In the audit trail's words: `local`, or `admin` with the user's id.
  let context: RequestContext
}

extension Endpoints {
  /// An async endpoint for administrators alone.
  func administration(
    _ body: @escaping (Exchange, Administrator) async throws(Refusal) -> Void
  ) -> Endpoint {
    deferred(.bearer) { [self] (exchange) throws(Refusal) in
      try await body(exchange, try await administrator(exchange))
    }
  }

  private func administrator(_ exchange: Exchange) async throws(Refusal) -> Administrator {
    let token = try bearerToken(exchange)
    if adminToken?.isEqual(to: token) == true {
      guard exchange.isFromThisMachine else { throw Refusal(.invalidToken, cause: "admin_token_from_elsewhere") }
      return Administrator(context: context("local", exchange))
    }
    let bearer = try await issuer.administrator(token)
    exchange.userID = bearer.user.id.description
    exchange.sessionID = bearer.session.id.description
    return Administrator(context: context("admin \(bearer.user.id)", exchange))
  }

  private func context(_ actor: String, _ exchange: Exchange) -> RequestContext {
    RequestContext(actor: actor, address: exchange.address, requestID: exchange.requestID)
  }

  /// The token of the Authorization field (RFC 6750 section 2.1).
  private func bearerToken(_ exchange: Exchange) throws(Refusal) -> String {
    guard let field = exchange.field(.authorization) else { throw Refusal(.missingToken, cause: "no_token") }
    let parts = field.split(separator: " ", maxSplits: 1)
    guard parts.count == 2, parts[0].lowercased() == "bearer" else { throw Refusal(.missingToken, cause: "no_bearer") }
    return String(parts[1])
  }
}
