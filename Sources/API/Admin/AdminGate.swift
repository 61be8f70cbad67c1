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
    let presented = try presentedAccess(exchange)
    if !presented.isDPoP, adminToken?.isEqual(to: presented.token) == true {
      guard exchange.isFromThisMachine else { throw Refusal(.invalidToken, cause: "admin_token_from_elsewhere") }
      return Administrator(context: context("local", exchange))
    }
    // The gate has looked at Host: it is a name of this machine. With another port it is somebody else's address, to whom
    // token and proof were sent and who hands them on. No certificate comes to this listener.
    var evidence = evidence(exchange)
    if let host = exchange.field(.host), OperatorGate.port(of: host) == operatorsPort {
      evidence.origin = "http://" + host
    }
    let shown = evidence
    let bearer = try await bearer(exchange, presented) { () async throws(Refusal) in
      try await issuer.administrator(presented.token, isDPoP: presented.isDPoP, shown)
    }
    return Administrator(context: context("admin \(bearer.user.id)", exchange))
  }

  private func context(_ actor: String, _ exchange: Exchange) -> RequestContext {
    RequestContext(actor: actor, address: exchange.address, requestID: exchange.requestID)
  }
}
