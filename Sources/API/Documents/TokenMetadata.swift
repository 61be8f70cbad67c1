// The part of the metadata that says where and how clients ask of tokens, and revoke them.

import Identity
import JOSE
import JSON
import Storage

extension Documents {
  /// RFC 8414 section 2, RFC 9701 section 7. Only those who can prove who they are may introspect.
  static func writeTokenEndpoints(_ policy: Policy, into json: inout JSONWriter) {
    let methods = policy.clientMethods.map(\.rawValue)
    let algorithms = SignatureAlgorithm.available.map(\.rawValue)
    json.member("introspection_endpoint", policy.issuer + "/oauth2/introspect")
    json.member("introspection_endpoint_auth_methods_supported", methods.filter { $0 != "none" })
    json.member("introspection_endpoint_auth_signing_alg_values_supported", algorithms)
    json.member("introspection_signing_alg_values_supported", [policy.algorithm])
    json.member("revocation_endpoint", policy.issuer + "/oauth2/revoke")
    json.member("revocation_endpoint_auth_methods_supported", methods)
    json.member("revocation_endpoint_auth_signing_alg_values_supported", algorithms)
  }
}
