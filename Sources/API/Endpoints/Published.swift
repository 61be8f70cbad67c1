// What anybody may read: keys, metadata, the API's description, health; and the operators' metrics.

import HTTPServer
import Identity
import JSON
import Storage
import Telemetry

extension Endpoints {
  func jwks(_ exchange: Exchange) {
    fetches.note(exchange, issuer.authority)
    exchange.respond(prepared: documents.keys)
  }

  func metadata(_ exchange: Exchange) { exchange.respond(prepared: documents.metadata) }

  func openAPI(_ exchange: Exchange) { exchange.respond(prepared: Self.description) }

  /// The process is alive: it answers.
  func healthz(_ exchange: Exchange) {
    exchange.add("Cache-Control", "no-store")
    exchange.respond(200, contentType: "application/json", body: Array(#"{"status":"ok"}"#.utf8))
  }

  /// The store answers a write, and there is a key to sign with.
  func readyz(_ exchange: Exchange) async throws(Refusal) {
    let (store, key) = (await issuer.authority.storeFailure(), issuer.authority.keyFailure)
    var json = JSONWriter()
    json.beginObject()
    json.member("status", store == nil && key == nil ? "ok" : "failing")
    if let why = store.map({ "the store can't be written: \($0.cause)" }) ?? key {
      exchange.cause = store?.cause ?? "no_key"
      json.member("failing", (store == nil ? [] : ["store"]) + (key == nil ? [] : ["key"]))
      json.member("error", "temporarily_unavailable")
      json.member("error_description", why)
      json.member("request_id", exchange.requestID)
      exchange.add("Retry-After", "1")
    }
    json.endObject()
    exchange.add("Cache-Control", "no-store")
    exchange.respond(store == nil && key == nil ? 200 : 503, contentType: "application/json", body: json.bytes)
  }

  func metrics(_ exchange: Exchange) {
    exchange.add("Cache-Control", "no-store")
    exchange.respond(
      200, contentType: "text/plain; version=0.0.4; charset=utf-8", body: issuer.authority.metrics.write())
  }

  /// The API's description, embedded in the binary (RFC 8259 text, OpenAPI 3.1).
  private static let description = Documents.prepared("application/json", PackageResources.openapi_json)
}
