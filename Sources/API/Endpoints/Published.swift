// What anybody may read: keys, metadata, the API's description, health; and the operators' metrics.

import HTTPServer
import Identity
import JSON
import Storage
import Telemetry

extension Endpoints {
  func jwks(_ exchange: Exchange) { exchange.respond(prepared: documents.keys) }

  func metadata(_ exchange: Exchange) { exchange.respond(prepared: documents.metadata) }

  func openAPI(_ exchange: Exchange) { exchange.respond(prepared: Self.description) }

  /// The process is alive: it answers.
  func healthz(_ exchange: Exchange) {
    exchange.add("Cache-Control", "no-store")
    exchange.respond(200, contentType: "application/json", body: Array(#"{"status":"ok"}"#.utf8))
  }

  /// The store answers a write, and there is a key to sign with (without one the server doesn't start).
  func readyz(_ exchange: Exchange) async throws(Refusal) {
    let failure = await issuer.authority.storeFailure()
    var json = JSONWriter()
    json.beginObject()
    json.member("status", failure == nil ? "ok" : "failing")
    if let failure {
      exchange.cause = failure.cause
      json.member("failing", ["store"])
      json.member("error", "temporarily_unavailable")
      json.member("error_description", "the store can't be written: \(failure.cause)")
      json.member("request_id", exchange.requestID)
      exchange.add("Retry-After", "1")
    }
    json.endObject()
    exchange.add("Cache-Control", "no-store")
    exchange.respond(failure == nil ? 200 : 503, contentType: "application/json", body: json.bytes)
  }

  func metrics(_ exchange: Exchange) {
    exchange.add("Cache-Control", "no-store")
    exchange.respond(
      200, contentType: "text/plain; version=0.0.4; charset=utf-8", body: issuer.authority.metrics.write())
  }

  /// The API's description, embedded in the binary (RFC 8259 text, OpenAPI 3.1).
  private static let description = Documents.prepared("application/json", PackageResources.openapi_json)
}
