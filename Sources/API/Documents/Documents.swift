// What Signet publishes, rendered once for each snapshot: the JWK Set and the metadata.

import HTTPServer
import Identity
import JOSE
import JSON
import Storage

/// The rendered documents of one snapshot.
struct Documents {
  /// Seconds for which the metadata and the API's description may be kept.
  static let maxAge = 300

  let keys: PreparedResponse
  let metadata: PreparedResponse

  init(_ snapshot: Snapshot) {
    keys = Self.prepared(
      "application/jwk-set+json", Self.keys(snapshot.ring), maxAge: snapshot.policy.keys.maxAge)
    metadata = Self.prepared("application/json", Self.metadata(snapshot.policy))
  }

  private static func keys(_ ring: KeyRing) -> [UInt8] {
    var json = JSONWriter()
    json.beginObject()
    json.name("keys")
    json.beginArray()
    for key in ring.published { key.write(into: &json) }
    for key in ring.foreign { key.write(into: &json) }
    json.endArray()
    json.endObject()
    return json.bytes
  }

  static func prepared(_ type: String, _ body: [UInt8], maxAge: Int = maxAge) -> PreparedResponse {
    PreparedResponse(
      status: 200, contentType: type,
      fields: [("Cache-Control", "public, max-age=\(maxAge)"), ("Access-Control-Allow-Origin", "*")],
      entityTag: "\"\(Fingerprint.text(of: body))\"", body: body)
  }

  /// RFC 8414 section 2, true to what is on: no member for what this server doesn't do.
  private static func metadata(_ policy: Policy) -> [UInt8] {
    var json = JSONWriter()
    json.beginObject()
    json.member("issuer", policy.issuer)
    json.member("jwks_uri", policy.issuer + "/.well-known/jwks.json")
    json.member("token_endpoint", policy.issuer + "/oauth2/token")
    json.member("grant_types_supported", [Grant.refreshToken, Grant.clientCredentials])
    json.member("response_types_supported", [])
    json.member("token_endpoint_auth_methods_supported", policy.clientMethods.map(\.rawValue))
    json.member("token_endpoint_auth_signing_alg_values_supported", SignatureAlgorithm.available.map(\.rawValue))
    writeTokenEndpoints(policy, into: &json)
    json.member("dpop_signing_alg_values_supported", ProofAlgorithms.names)
    if policy.takesCertificates { json.member("tls_client_certificate_bound_access_tokens", true) }
    json.member("subject_types_supported", ["public"])
    json.member("service_documentation", policy.issuer + "/openapi.json")
    json.endObject()
    return json.bytes
  }
}
