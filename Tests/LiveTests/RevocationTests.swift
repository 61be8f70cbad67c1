// Revocation: each kind of token, by its own client and by others.

import Foundation
import Testing

@Suite struct RevocationTests {
  private func revoke(
    _ server: LiveServer, _ token: String, _ more: String = "", by client: Confidential? = nil
  ) async throws -> Answer {
    try await server.ask("/oauth2/revoke", "token=\(token)\(more)", by: client)
  }

  @Test func aRefreshTokenEndsItsSession() async throws {
    try await withServer { server in
      try await server.addUser()
      for (generations, hint) in [(0, ""), (3, "&token_type_hint=refresh_token"), (1, "&token_type_hint=access_token")]
      {
        let first = try await server.login()
        let last = try await server.rotate(first, times: generations)
        for _ in 0..<2 {
          let answer = try await revoke(server, first.refresh, "&client_id=signet" + hint)
          #expect(answer.status == 200 && answer.body.isEmpty && answer.field("cache-control") == "no-store")
        }
        #expect(try await server.isGood(last.access) == false)
        #expect(try await server.send(.bearer("GET", "/v1/verify", last.access)).status == 401)
        #expect(try await server.tryRefresh(last.refresh).error == "invalid_grant")
      }
      #expect(try await server.audit().contains { $0["event"] == "reuse" } == false)
    }
  }

  /// A denied access token stays denied over a restart; its session goes on, and a retry doesn't bring it back.
  @Test func anAccessTokenIsDeniedAlone() async throws {
    try await withServer { server in
      try await server.addUser()
      try await server.addClient("opaque", ["--token-form", "reference"])
      for client in ["signet", "opaque"] {
        let first = try await server.login(client: client)
        let tokens = try await server.refresh(first.refresh)
        for _ in 0..<2 { #expect(try await revoke(server, tokens.access, "&client_id=\(client)").status == 200) }
        #expect(try await server.isGood(tokens.access) == false)
        #expect(try await server.send(.bearer("GET", "/v1/verify", tokens.access)).status == 401)
        // Others of the session are as good as before.
        #expect(try await server.isGood(first.access))
        let retried = try await server.refresh(first.refresh)
        #expect(retried.refresh == tokens.refresh && retried.access != tokens.access)
        #expect(try await server.isGood(retried.access))
        #expect(try await server.isGood(try await server.refresh(tokens.refresh).access))
      }
      let tokens = try await server.login()
      #expect(try await revoke(server, tokens.access, "&client_id=signet").status == 200)
      let again = try await server.restart(signal: SIGKILL)
      #expect(try await again.isGood(tokens.access) == false)
      _ = try await again.refresh(tokens.refresh)
      await again.child.destroy()
    }
  }

  @Test func anotherClientsTokenIsLeftAlone() async throws {
    try await withServer { server in
      try await server.addUser()
      try await server.addClient("shop")
      let confidential = try await server.addResourceServer("orders")
      let tokens = try await server.login(client: "shop")
      for token in [tokens.access, tokens.refresh] {
        #expect(try await revoke(server, token, "&client_id=signet").status == 200)
        #expect(try await revoke(server, token, by: confidential).status == 200)
      }
      for token in ["x", "sga_AAAA", "sgr_AAAA", "a.b.c", String(tokens.access.dropLast())] {
        #expect(try await revoke(server, token, "&client_id=shop").status == 200)
      }
      #expect(try await server.isGood(tokens.access))
      let next = try await server.refresh(tokens.refresh)
      #expect(try await server.isGood(next.access))
      #expect(try await server.audit().contains { $0["event"] == "token_revoked" } == false)
    }
  }

  @Test func whoAsksWithoutProof() async throws {
    try await withServer { server in
      try await server.addUser()
      let confidential = try await server.addResourceServer("orders")
      let token = try await server.token(for: confidential)
      for (form, client) in [
        ("token=\(token)", nil), ("token=\(token)&client_id=orders", nil), ("token=\(token)&client_id=nobody", nil),
        ("token=\(token)", Confidential(id: "orders", secret: "x")),
      ] as [(String, Confidential?)] {
        let answer = try await server.ask("/oauth2/revoke", form, by: client)
        #expect(answer.status == 401 && answer.error == "invalid_client")
        #expect(answer.field("www-authenticate") == #"Basic realm="signet""#)
      }
      #expect(try await server.ask("/oauth2/revoke", "client_id=signet", by: nil).error == "invalid_request")
      #expect(try await server.send(.bearer("GET", "/v1/verify", token)).status == 200)
      #expect(try await revoke(server, token, by: confidential).status == 200)
      #expect(try await server.send(.bearer("GET", "/v1/verify", token)).status == 401)
    }
  }

  /// A token that only its client can read is nobody's to Signet: that is said, rather than nothing be done.
  @Test func anEncryptedTokenIsOfNoSupportedType() async throws {
    try await withServer { server in
      try await server.addUser()
      // {"alg":"ECDH-ES","enc":"A128GCM"}
      let header = "eyJhbGciOiJFQ0RILUVTIiwiZW5jIjoiQTEyOEdDTSJ9"
      let answer = try await revoke(server, "\(header)..c.d.e", "&client_id=signet")
      #expect(answer.status == 400 && answer.error == "unsupported_token_type")
      // What is no token at all is none that is known (RFC 7009 section 2.2).
      for text in ["....", "a.b.c.d.e"] {
        #expect(try await revoke(server, text, "&client_id=signet").status == 200)
      }
    }
  }

  /// Clients of other people's making.
  @Test(.needsPython) func byAnIndependentClient() async throws {
    try await withServer { server in
      try await server.addUser()
      let client = try await server.addResourceServer("orders")
      let tokens = try await server.login()
      let output = try await server.python(Self.script, [server.issuer, client.id, client.secret, tokens.access])
      #expect(output.contains("all as the RFCs say"))
    }
  }

  private static let script = """
    import sys
    import requests
    from authlib.integrations.requests_client import OAuth2Session
    issuer, client, secret, users = sys.argv[1:]
    metadata = requests.get(issuer + "/.well-known/oauth-authorization-server", timeout=10).json()
    assert "client_secret_basic" in metadata["introspection_endpoint_auth_methods_supported"], metadata
    assert "none" not in metadata["introspection_endpoint_auth_methods_supported"], metadata
    assert "none" in metadata["revocation_endpoint_auth_methods_supported"], metadata
    session = OAuth2Session(client, secret)
    own = session.fetch_token(metadata["token_endpoint"], grant_type="client_credentials")["access_token"]
    def told(token, hint=None):
        return session.introspect_token(metadata["introspection_endpoint"], token=token, token_type_hint=hint).json()
    assert told(own, "access_token")["client_id"] == client
    assert told(users)["active"] is True
    for token in (own, users, "x"):
        answer = session.revoke_token(metadata["revocation_endpoint"], token=token, token_type_hint="access_token")
        assert answer.status_code == 200, answer.text
    assert told(own) == {"active": False} and told("x") == {"active": False}
    assert told(users)["active"] is True
    print("all as the RFCs say")
    """
}
