// The whole surface of Signet on one screen: method, path, name, endpoint.
//
// *Immediate* endpoints answer at once, from what the loop has; *deferred* ones are async functions on the loop's actor,
// which wait for the store or the hashing pool.

import HTTPServer

extension Endpoints {
  /// The public listener's routes.
  var publicRoutes: [Route] {
    [
      Route(.post, "/v1/login", name: "login", deferred(.credentials, login)),
      Route(.post, "/v1/refresh", name: "refresh", deferred(.credentials, refresh)),
      Route(.post, "/v1/logout", name: "logout", deferred(.credentials, logout)),
      Route(.get, "/v1/me", name: "me", deferred(.bearer, me)),
      Route(.get, "/v1/sessions", name: "sessions", deferred(.bearer, sessions)),
      Route(.delete, "/v1/sessions/{id}", name: "session_end", deferred(.bearer, endSession)),
      Route(.post, "/v1/password", name: "password", deferred(.bearer, password)),
      Route(.get, "/v1/status/{list}", name: "status", deferred(.credentials, status)),
      // Envoy asks by the method of the request that it is asked for.
      Route(.get, "/v1/verify", name: "verify", deferred(.gateway, verify)),
      Route(.post, "/v1/verify", name: "verify", deferred(.gateway, verify)),
      Route(.put, "/v1/verify", name: "verify", deferred(.gateway, verify)),
      Route(.patch, "/v1/verify", name: "verify", deferred(.gateway, verify)),
      Route(.delete, "/v1/verify", name: "verify", deferred(.gateway, verify)),
      Route(.post, "/oauth2/token", name: "token", deferred(.oauth, token)),
      Route(.post, "/oauth2/introspect", name: "introspect", deferred(.oauth, introspect)),
      Route(.post, "/oauth2/revoke", name: "revoke", deferred(.oauth, revoke)),
      Route(.get, "/v1/revocations", name: "revocations", deferred(.oauth, revocations)),
      Route(.post, "/v1/revocations", name: "revocations", deferred(.oauth, revocations)),
      Route(.get, "/.well-known/jwks.json", name: "jwks", .immediate(jwks)),
      Route(.get, "/.well-known/oauth-authorization-server", name: "metadata", .immediate(metadata)),
      Route(.get, "/.well-known/openid-configuration", name: "metadata_openid", .immediate(metadata)),
      Route(.get, "/openapi.json", name: "openapi", .immediate(openAPI)),
      Route(.get, "/healthz", name: "healthz", .immediate(healthz)),
      Route(.get, "/readyz", name: "readyz", deferred(.bearer, readyz)),
    ]
  }

  /// The operators' listener's routes.
  var operatorRoutes: [Route] {
    [
      Route(.get, "/admin/v1/clients", name: "admin_clients", administration(listClients)),
      Route(.post, "/admin/v1/clients", name: "admin_client_add", administration(registerClient)),
      Route(.get, "/admin/v1/clients/{id}", name: "admin_client", administration(showClient)),
      Route(.patch, "/admin/v1/clients/{id}", name: "admin_client_change", administration(changeClient)),
      Route(.delete, "/admin/v1/clients/{id}", name: "admin_client_delete", administration(deleteClient)),
      Route(
        .post, "/admin/v1/clients/{id}/rotate-secret", name: "admin_client_rotate", administration(rotateClientSecret)),
      Route(.get, "/metrics", name: "metrics", .immediate(metrics)),
      Route(.get, "/healthz", name: "healthz", .immediate(healthz)),
      Route(.get, "/readyz", name: "readyz", deferred(.bearer, readyz)),
    ]
  }
}
