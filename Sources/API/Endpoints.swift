// What one event loop serves: its issuer, and the documents rendered for it.
//
// Not Sendable, as the issuer isn't. A request walks from Routes.swift through one function of Endpoints/ to Identity
// and back into an answer.

package import HTTPServer
package import Identity
import Telemetry

/// One loop's endpoints.
package final class Endpoints {
  let issuer: Issuer
  let cors: CORS
  var documents: Documents
  let fetches = KeyFetches()
  /// What the loop has of the feed of revocations.
  package let feed: Feed
  /// The token in the data folder; nil where there is none.
  let adminToken: AdminToken?
  /// The operators' listener's; nil where there is none.
  private(set) var operatorsPort: Int?

  /// - Parameter origins: what browsers' pages may read answers, from the configuration.
  package init(_ issuer: Issuer, origins: [String], feed: Feed, adminToken: AdminToken? = nil) {
    self.issuer = issuer
    self.feed = feed
    self.adminToken = adminToken
    cors = CORS(origins, issuer.snapshot.pages)
    documents = Documents(issuer.snapshot)
  }

  /// Serves by a new snapshot from now on.
  package func adopt(_ snapshot: Snapshot) {
    // Keys that can't be used were refused when the snapshot was made.
    guard (try? issuer.adopt(snapshot)) != nil else { return }
    documents = Documents(snapshot)
    cors.pages = snapshot.pages
    fetches.begin(snapshot.ring.mark)
    feed.clientsChanged()
  }

  /// Changes which origins' pages may read answers.
  package func allow(origins: [String]) { cors.origins = Set(origins) }

  /// The public listener's router.
  package func publicRouter() -> Router {
    router(publicRoutes) { [cors] exchange, allowed in cors.prepare(exchange, allowed) }
  }

  /// The operators' listener's router.
  /// - Parameter port: the listener's; 0 for a Unix socket.
  package func operatorRouter(port: Int) -> Router {
    operatorsPort = port
    return router(operatorRoutes) { exchange, _ in OperatorGate.turnsAway(exchange) }
  }

  private func router(_ routes: [Route], _ prepare: @escaping (Exchange, [Method]) -> Bool) -> Router {
    Router(routes, prepare: prepare, failure: { error, exchange in ErrorResponse(error).answer(exchange) })
  }

  /// An async endpoint whose refusals are answered in this style.
  func deferred(_ style: ErrorStyle, _ body: @escaping (Exchange) async throws(Refusal) -> Void) -> Endpoint {
    .deferred { exchange in
      do throws(Refusal) {
        try await body(exchange)
      } catch {
        exchange.cause = error.cause
        ErrorResponse(error, style).answer(exchange)
      }
    }
  }
}
