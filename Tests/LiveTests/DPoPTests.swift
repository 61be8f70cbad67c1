// Tokens bound to a key by DPoP (RFC 9449), with a client that isn't ours: joserfc makes the proofs.

import Foundation
import Testing

@Suite struct DPoPTests {
  private func run(_ server: LiveServer, _ script: String) async throws {
    let output = try await server.python(
      DPoPScript.head + script + "\nprint(json.dumps(results))", [server.issuer, goodPassword])
    #expect(output == "[]\n")
  }

  @Test(.needsPython) func tokensAreBoundAndUsed() async throws {
    try await withServer { server in
      try await server.addUser()
      try await run(server, Self.using)
      #expect(try await server.audit().allSatisfy { $0["event"] != "reuse" })
      let metrics = try await server.metrics()
      #expect(metrics.contains(#"signet_dpop_proofs_total{outcome="replayed"} "#))
    }
  }

  private static let using = """
    for key, alg in [(ECKey.generate_key("P-256"), "ES256"), (OKPKey.generate_key("Ed25519"), "EdDSA"),
                     (RSAKey.generate_key(2048), "PS256"), (RSAKey.generate_key(2048), "RS256")]:
      client = Client(key, alg)
      tokens = client.login()
      assert tokens["token_type"] == "DPoP", tokens
      assert claims(tokens["access_token"])["cnf"] == {"jkt": key.thumbprint()}
      check("me", client.ask("GET", "/v1/me", tokens["access_token"]), "200 None")
      for path, more in [("/v1/refresh", {"body": {"refresh_token": tokens["refresh_token"]}}),
                         ("/oauth2/token", {"form": {"grant_type": "refresh_token"}})]:
        if "form" in more: more["form"]["refresh_token"] = tokens["refresh_token"]
        answer = client.ask("POST", path, **more)
        check(path, answer, "200 None")
        tokens = answer.json()
        assert tokens["token_type"] == "DPoP" and claims(tokens["access_token"])["cnf"] == {"jkt": key.thumbprint()}
    access, refresh = tokens["access_token"], tokens["refresh_token"]
    check("sessions", client.ask("GET", "/v1/sessions?x=y", access), "200 None")
    # Stolen: by another key, without a proof, as a bearer token.
    thief = Client()
    for path, more in [("/v1/refresh", {"body": {"refresh_token": refresh}}),
                       ("/oauth2/token", {"form": {"grant_type": "refresh_token", "refresh_token": refresh}})]:
      check("no proof " + path, thief.call("POST", path, **more), "400 invalid_dpop_proof")
      check("other key " + path, thief.ask("POST", path, **more), "400 invalid_dpop_proof")
    answer = thief.call("GET", "/v1/me", token=access, scheme="Bearer")
    check("as bearer", answer, "401 invalid_token")
    challenge = answer.headers["WWW-Authenticate"]
    assert challenge.startswith("DPoP ") and 'algs="ES256 EdDSA PS256 RS256"' in challenge, challenge
    answer = thief.ask("GET", "/v1/me", access)
    check("other key", answer, "401 invalid_dpop_proof")
    assert answer.headers["WWW-Authenticate"].startswith('DPoP realm="signet", error="invalid_dpop_proof"')
    check("no proof", thief.call("GET", "/v1/me", token=access), "401 invalid_dpop_proof")
    check("not a token", client.ask("GET", "/v1/me", "x.y.z"), "401 invalid_token")
    # None of it has cost the owner anything; a spent token is answered again, for as long as it takes.
    for _ in range(3):
      answer = client.ask("POST", "/v1/refresh", body={"refresh_token": refresh})
      check("refresh", answer, "200 None")
    check("logout", client.ask("POST", "/v1/logout", answer.json()["access_token"]), "204 None")
    check("ended", client.ask("GET", "/v1/me", answer.json()["access_token"]), "401 invalid_token")
    # Without DPoP, tokens are as ever, and a session that has no key gets none later.
    plain = requests.post(issuer + "/v1/login", json={"username": "ada", "password": sys.argv[2]}).json()
    assert plain["token_type"] == "Bearer" and "cnf" not in claims(plain["access_token"])
    check("unbound", client.ask("GET", "/v1/me", plain["access_token"]), "401 invalid_token")
    late = client.ask("POST", "/v1/refresh", body={"refresh_token": plain["refresh_token"]})
    check("late", late, "400 invalid_dpop_proof")
    late = requests.post(issuer + "/v1/refresh", json={"refresh_token": plain["refresh_token"]})
    check("still unbound", late, "200 None")
    metadata = requests.get(issuer + "/.well-known/oauth-authorization-server").json()
    assert metadata["dpop_signing_alg_values_supported"] == ["ES256", "EdDSA", "PS256", "RS256"]
    assert "tls_client_certificate_bound_access_tokens" not in metadata
    """

  @Test(.needsPython) func badProofsAreRefused() async throws {
    try await withServer { server in
      try await server.addUser()
      try await run(server, Self.bad)
      // No refusal ended or even changed a session.
      #expect(try await server.sql("SELECT count(*), sum(generation) FROM session WHERE revoked_at IS NULL") == "1|0\n")
    }
  }

  private static let bad = """
    client = Client()
    tokens = client.login()
    access, refresh = tokens["access_token"], tokens["refresh_token"]
    private = client.key.as_dict(private=True)
    other = ECKey.generate_key("P-256").as_dict(private=False)
    octets = OctKey.generate_key(256).as_dict()
    cases = {
      "method": {"htm": "GET"}, "method's case": {"htm": "post"}, "uri": {"htu": issuer + "/v1/login/"},
      "origin": {"htu": "http://evil.example/"}, "no uri": {"htu": None}, "no jti": {"jti": None},
      "past": {"iat": int(time.time()) - 300}, "future": {"iat": int(time.time()) + 300}, "no iat": {"iat": None},
      "none": {"header": {"alg": "none"}}, "HS256": {"header": {"alg": "HS256"}},
      "oct": {"header": {"alg": "HS256", "jwk": octets}}, "private": {"header": {"jwk": private}},
      "other's key": {"header": {"jwk": other}}, "type": {"header": {"typ": "JWT"}},
      "critical": {"header": {"crit": ["x"], "x": 1}},
    }
    for what, changes in cases.items():
      for path, more in [("/v1/refresh", {"body": {"refresh_token": refresh}}), ("/v1/login", {
          "body": {"username": "ada", "password": sys.argv[2]}}),
          ("/oauth2/token", {"form": {"grant_type": "refresh_token", "refresh_token": refresh}})]:
        bad = client.proof("POST", path, **changes)
        check(what + path, client.call("POST", path, bad, **more), "400 invalid_dpop_proof")
      changes = {"htm": "POST"} if what == "method" else changes
      bad = client.proof("GET", "/v1/me", access, **changes)
      check(what, client.call("GET", "/v1/me", bad, access), "401 invalid_dpop_proof")
    check("no ath", client.call("GET", "/v1/me", client.proof("GET", "/v1/me"), access), "401 invalid_dpop_proof")
    wrong = client.proof("GET", "/v1/me", access + "x")
    check("wrong ath", client.call("GET", "/v1/me", wrong, access), "401 invalid_dpop_proof")
    good = client.proof("GET", "/v1/me", access)
    check("good", client.call("GET", "/v1/me", good, access), "200 None")
    for _ in range(20):
      # Every connection is another event loop's, maybe.
      answer = requests.get(issuer + "/v1/me", headers={"DPoP": good, "Authorization": "DPoP " + access})
      check("replay", answer, "401 invalid_dpop_proof")
    answer = client.call("GET", "/v1/me", client.proof("GET", "/v1/me", access, nonce="x" * 30), access)
    check("nonce", answer, "401 use_dpop_nonce")
    assert 'error="use_dpop_nonce"' in answer.headers["WWW-Authenticate"] and answer.headers["DPoP-Nonce"]
    check("its nonce", client.call("GET", "/v1/me", True, access), "200 None")
    # Host says nothing, and neither does the query.
    moved = client.proof("GET", "/v1/me", access, htu="http://elsewhere.example/v1/me")
    answer = requests.get(issuer + "/v1/me", headers={
      "Host": "elsewhere.example", "DPoP": moved, "Authorization": "DPoP " + access})
    check("host", answer, "401 invalid_dpop_proof")
    twice = client.proof("GET", "/v1/me", access) + ", " + client.proof("GET", "/v1/me", access)
    check("two in one", client.call("GET", "/v1/me", twice, access), "401 invalid_dpop_proof")
    check("no proof", client.call("POST", "/v1/refresh", "-", body={"refresh_token": refresh}), "400 invalid_dpop_proof")
    """

  /// What isn't a refresh token of ours costs no look at the proof that comes with it.
  @Test(.needsPython) func garbageBeforeProofs() async throws {
    try await withServer { server in
      try await server.addUser()
      try await run(server, Self.garbage)
      let metrics = try await server.metrics()
      #expect(metrics.contains("signet_dpop_proofs_total{outcome=\"good\"} 4\n"))
      #expect(metrics.contains("signet_dpop_proofs_total{outcome=\"refused\"} 0\n"))
    }
  }

  private static let garbage = """
    client = Client()
    refresh = client.login()["refresh_token"]
    last = "A" if refresh[-1] != "A" else "Q"
    for token in ["sgr_x", "x", refresh[:-1] + last]:
      for path, more, status in [("/v1/refresh", {"body": {"refresh_token": token}}, 401),
                                 ("/oauth2/token", {"form": {"grant_type": "refresh_token", "refresh_token": token}}, 400),
                                 ("/v1/logout", {"body": {"refresh_token": token, "all": True}}, 401)]:
        for bad in [client.proof("POST", "/elsewhere"), "x.y.z", None]:
          check("garbage " + path, client.call("POST", path, bad, **more), f"{status} invalid_grant")
    # A proof that came with it was not used up.
    for path, more, code in [("/v1/refresh", lambda token: {"body": {"refresh_token": token}}, 200),
                             ("/oauth2/token", lambda token: {"form": {"grant_type": "refresh_token", "refresh_token": token}}, 200),
                             ("/v1/logout", lambda token: {"body": {"refresh_token": token}}, 204)]:
      proof = client.proof("POST", path)
      client.call("POST", path, proof, **more("sgr_x"))
      check(path, client.call("POST", path, proof, **more(refresh)), f"{code} None")
    """

  @Test(.needsPython) func whatIsOlderThanTheServerNeedsANonce() async throws {
    try await withServer { server in
      try await server.addUser()
      try await run(server, Self.older)
      // The nonce outlives the process, the memory of proofs doesn't: an old proof is not good again.
      let again = try await server.restart()
      try await run(again, Self.older)
      await again.child.destroy()
    }
  }

  private static let older = """
    client = Client()
    old = {"iat": int(time.time()) - 50}
    body = {"username": "ada", "password": sys.argv[2]}
    answer = client.call("POST", "/v1/login", client.proof("POST", "/v1/login", **old), body=body)
    check("old", answer, "400 use_dpop_nonce")
    assert answer.headers["DPoP-Nonce"] == client.nonce and client.nonce
    check("with the nonce", client.call("POST", "/v1/login", client.proof("POST", "/v1/login", **old), body=body), "200 None")
    ahead = {"iat": int(time.time()) + 10}
    client.nonce = None
    answer = client.call("POST", "/v1/login", client.proof("POST", "/v1/login", **ahead), body=body)
    check("ahead", answer, "400 use_dpop_nonce")
    """

  @Test(.needsPython) func clientsThatRequireIt() async throws {
    try await withServer { server in
      try await server.addUser()
      let unbound = try await server.login()
      try await server.sql("UPDATE client SET require_dpop = 1")
      let again = try await server.restart()
      #expect(try await again.tryLogin().error == "invalid_dpop_proof")
      // A session from before ends with its access token, and is nobody's reuse.
      let refused = try await again.tryRefresh(unbound.refresh)
      #expect(refused.status == 400 && refused.error == "invalid_dpop_proof")
      try await run(again, "assert Client().login()['token_type'] == 'DPoP'")
      await again.child.destroy()
    }
  }

  @Test func twoProofsAreNoRequest() async throws {
    try await withServer { server in
      let fields = [("DPoP", "a.b.c"), ("DPoP", "a.b.c"), ("Content-Type", "application/json")]
      let answer = try await server.send(Request("POST", "/v1/login", fields, body: Array("{}".utf8)))
      #expect(answer.status == 400 && answer.error == "invalid_request")
    }
  }
}
