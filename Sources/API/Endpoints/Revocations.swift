// The feed of revocations: what is refused before it expires, as server-sent events (WHATWG HTML section 9.2).

import HTTPServer
import Identity
import Storage

extension Endpoints {
  /// `GET` and `POST /v1/revocations`, for a confidential client; it is shown what concerns the audiences registered for it.
  /// By GET it authenticates by its fields or its certificate; the other methods need a form (RFC 6749 section 2.3.1, RFC 7523
  /// section 2.2), which comes by POST.
  func revocations(_ exchange: Exchange) async throws(Refusal) {
    // At its start a server reads the denylist, for a few seconds where it is large. Looked at now and then, since it
    // happens once in a server's life; and before the client is, who may be changed meanwhile.
    for _ in 0..<50 where !feed.hub.hasBegun { await issuer.sleep(100) }
    let form = exchange.method == .post ? try FormBody(exchange) : FormBody(clientID: exchange.query("client_id"))
    let client = try await confidentialClient(exchange, form).record
    guard feed.hub.enter(client.id) else {
      throw Refusal(.temporarilyUnavailable(retryAfter: 10), cause: "revocation_streams")
    }
    defer { feed.hub.leave(client.id) }
    exchange.add("Cache-Control", "no-store")
    // Proxies that gather an answer before they pass it on would hold events back; nginx understands this.
    exchange.add("X-Accel-Buffering", "no")
    let lastEventID = exchange.field(named: "Last-Event-ID")
    guard let stream = exchange.stream(200, contentType: "text/event-stream") else { return }
    do throws(StoreError) {
      try await FeedReader(issuer, feed, stream, for: client).run(after: lastEventID)
    } catch {
      // The reader comes again, with its place.
      exchange.cause = "store"
    }
  }
}
