// Clients that prove who they are at the token endpoint, as independent programs do it: by a secret, by a JWT, by a
// certificate. Each only by the method it is registered for.

import Foundation
import Testing

@Suite struct ClientAuthenticationTests {
  @Test(.needsPython) func aSecretGetsATokenThatServicesVerify() async throws {
    try await withServer { server in
      for (id, method) in [("basic", "client_secret_basic"), ("post", "client_secret_post")] {
        let added = try await server.addConfidential(id, ["--auth", method, "--scope", "read", "--scope", "write"])
        let secret = try #require(added["client_secret"]?.string)
        #expect(base64URLBytes(secret)?.count == 32)
        let output = try await server.python(
          Self.secretScript, [server.issuer, id, secret, method])
        let claims = try JSON(output)
        #expect(claims["sub"]?.string == id && claims["client_id"]?.string == id && claims["aud"] == "api")
        #expect(claims["scope"] == "read write" && claims["jti"]?.string.flatMap { base64URLBytes($0)?.count } == 16)
        for name in ["sid", "auth_time", "amr", "roles", "cnf"] { #expect(claims[name] == nil) }
        // Kept as a digest, shown once, logged nowhere.
        for text in [
          try await server.done(["client", "show", id, "--json"]), try await server.done(["client", "list", "--json"]),
          try await server.audit().map(\.text).joined(), server.log,
        ] { #expect(!text.contains(secret)) }
      }
    }
  }

  private static let secretScript = """
    import json, sys
    import jwt, requests
    base, client, secret, method = sys.argv[1:]
    form = {"grant_type": "client_credentials", "scope": "read write"}
    if method == "client_secret_basic":
        answer = requests.post(base + "/oauth2/token", form, auth=(client, secret))
    else:
        answer = requests.post(base + "/oauth2/token", {**form, "client_id": client, "client_secret": secret})
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert set(body) == {"access_token", "token_type", "expires_in", "scope"}, body
    assert body["token_type"] == "Bearer" and body["expires_in"] == 600 and body["scope"] == "read write"
    assert answer.headers["Cache-Control"] == "no-store"
    key = jwt.PyJWKClient(base + "/.well-known/jwks.json").get_signing_key_from_jwt(body["access_token"])
    token = jwt.decode_complete(body["access_token"], key, algorithms=["ES256"], audience="api", issuer=base)
    assert token["header"]["typ"] == "at+jwt"
    print(json.dumps(token["payload"]))
    """

  /// What is wrong, and the answer to it. Whatever is wrong with a client's proof, it reads the same.
  @Test func whatProvesNothingIsRefused() async throws {
    try await withServer { server in
      let secret = try #require(try await server.addConfidential("a:b", [])["client_secret"]?.string)
      try await server.addClient("open")
      for one in Self.cases(secret, server.issuer) {
        var request = Request.form("/oauth2/token", one.form)
        if let field = one.field { request.fields.append(("Authorization", field)) }
        let answer = try await server.send(request)
        #expect(answer.status == one.status && (answer.error ?? "") == one.error, "\(one): \(answer)")
        #expect(answer.field("cache-control") == "no-store")
        guard one.status == 401 else { continue }
        #expect(answer.field("www-authenticate") == #"Basic realm="signet""#)
        #expect(try answer.json["error_description"] == "the client is unknown, or may not do this here")
      }
    }
  }

  private typealias Case = (field: String?, form: String, status: Int, error: String)

  /// What is asked with which Authorization field, and the answer's status and error.
  private static func cases(_ secret: String, _ issuer: String) -> [Case] {
    let grant = "grant_type=client_credentials"
    func basic(_ text: String) -> String { "Basic " + Data(text.utf8).base64EncodedString() }
    let good = basic("a%3Ab:\(secret)")
    return [
      (good, grant, 200, ""), (good.replacingOccurrences(of: "Basic", with: "bAsIc"), grant, 200, ""),
      (good, grant + "&client_id=a%3Ab", 200, ""), (good, grant + "&client_id=open", 400, "invalid_request"),
      (good, grant + "&client_secret=x", 400, "invalid_request"),
      (good, grant + "&client_assertion=x&client_assertion_type=y", 400, "invalid_request"),
      (good, grant + "&client_assertion_type=y", 400, "invalid_request"),
      (good, "grant_type=password", 400, "unsupported_grant_type"), (good, "scope=x", 400, "invalid_request"),
      (good, grant + "&scope=read", 400, "invalid_scope"), (good, grant + "&audience=x", 400, "invalid_target"),
      (good, grant + "&resource=x", 400, "invalid_target"), (good, grant + "&resource=api", 200, ""),
      (good, grant + "&audience=api&resource=api", 200, ""),
      (good, grant + "&audience=api&resource=other", 400, "invalid_target"),
      (good, grant + "&audience=\(issuer)", 400, "invalid_target"),
      (good, grant + "&audience=\(issuer)/admin", 400, "invalid_target"),
      (nil, grant, 401, "invalid_client"), (nil, grant + "&client_id=open", 401, "invalid_client"),
      (nil, grant + "&client_id=a%3Ab", 401, "invalid_client"),
      (nil, grant + "&client_id=a%3Ab&client_secret=\(secret)", 401, "invalid_client"),
      (nil, grant + "&client_secret=\(secret)", 400, "invalid_request"),
      (nil, grant + "&client_id=open&client_secret=x", 401, "invalid_client"),
      (basic("open:"), grant, 401, "invalid_client"), (basic("nobody:\(secret)"), grant, 401, "invalid_client"),
      (basic("a%3Ab:\(secret)x"), grant, 401, "invalid_client"), (basic("a%3Ab:"), grant, 401, "invalid_client"),
      (basic("a:b:\(secret)"), grant, 401, "invalid_client"), (basic("a%3Ab"), grant, 401, "invalid_client"),
      (basic("a%3:\(secret)"), grant, 401, "invalid_client"), (basic("%FF:\(secret)"), grant, 401, "invalid_client"),
      (basic(":\(secret)"), grant, 401, "invalid_client"), ("Basic ", grant, 401, "invalid_client"),
      ("Basic !!!!", grant, 401, "invalid_client"), (good + "=", grant, 401, "invalid_client"),
      ("Bearer x", grant, 401, "invalid_client"), ("Basic", grant, 401, "invalid_client"),
    ]
  }

  /// A client that was public when its session began goes on as a confidential one: by its secret alone.
  @Test func refreshingWantsTheClient() async throws {
    try await withServer { server in
      try await server.addUser()
      try await server.addClient("web")
      let tokens = try await server.login(client: "web")
      let other = try #require(
        try await server.addConfidential("other", ["--grant", "refresh_token"])["client_secret"])
      let changed = try await server.done(["client", "change", "web", "--kind", "confidential", "--json"])
      let secret = try #require(try JSON(changed)["client_secret"]?.string)
      try await eventually("the change is heeded") {
        try await server.tryLogin(client: "web").error == "invalid_client"
      }
      let form = "grant_type=refresh_token&refresh_token=\(tokens.refresh)"
      func refresh(_ id: String?, _ secret: String?) async throws -> Answer {
        var request = Request.form("/oauth2/token", form + (id.map { secret == nil ? "&client_id=\($0)" : "" } ?? ""))
        if let id, let secret {
          request.fields.append(("Authorization", "Basic " + Data("\(id):\(secret)".utf8).base64EncodedString()))
        }
        return try await server.send(request)
      }
      #expect(try await refresh(nil, nil).error == "invalid_client")
      #expect(try await refresh("web", nil).error == "invalid_client")
      #expect(try await refresh("web", "wrong").error == "invalid_client")
      #expect(try await refresh("other", other.string).error == "invalid_grant")
      #expect(try await server.tryRefresh(tokens.refresh).error == "invalid_client")
      // None of it was reuse: the session lives.
      let next = try Tokens(try await refresh("web", secret))
      #expect(try next.claims["client_id"] == "web" && next.session == tokens.session)
      // And its form's answers are of that client alone.
      #expect(
        try await server.post("/v1/refresh", ["refresh_token": .string(next.refresh), "client_id": "web"]).status == 401
      )
    }
  }

  @Test(.needsPython) func metadataSaysWhatIsOn() async throws {
    try await withServer { server in
      let metadata = try await server.get("/.well-known/oauth-authorization-server").json
      #expect(metadata["grant_types_supported"] == ["refresh_token", "client_credentials"])
      #expect(
        metadata["token_endpoint_auth_methods_supported"]
          == ["none", "client_secret_basic", "client_secret_post", "private_key_jwt"])
      let algorithms = try #require(metadata["token_endpoint_auth_signing_alg_values_supported"]?.array)
      #expect(algorithms.contains("ES256") && algorithms.contains("EdDSA") && !algorithms.contains("none"))
      #expect(!algorithms.contains("HS256"))
    }
  }
}

extension LiveServer {
  /// Adds a confidential client by the command and waits until the server knows it; what was printed.
  @discardableResult
  func addConfidential(_ id: String, _ options: [String]) async throws -> JSON {
    let output = try await done(["client", "add", id, "--id", id, "--kind", "confidential", "--json"] + options)
    try await heedsCommands("after-\(id)")
    return try JSON(output)
  }

  /// Waits until the server heeds what commands have done so far: a client added after that is known to it.
  func heedsCommands(_ marker: String = "marker-\(UUID().uuidString)") async throws { try await addClient(marker) }
}
