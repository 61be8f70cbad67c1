// The admin API and the gateways' question, asked with tokens that are bound to a key (RFC 9449).

import Foundation
import Testing

@Suite struct AdminProofTests {
  private func run(_ script: String, _ setup: (LiveServer) async throws -> Void) async throws {
    try await withServer { server in
      try await setup(server)
      let operators = "http://127.0.0.1:\(server.operators)"
      let database = server.data + "/signet.db"
      let output = try await server.python(
        DPoPScript.head + script + "\nprint(json.dumps(results))", [server.issuer, goodPassword, operators, database])
      #expect(output == "[]\n")
    }
  }

  @Test(.needsPython) func anAdministratorsTokenMayBeBound() async throws {
    try await run(Self.administration) { try await $0.addUser("ada", ["--role", "signet:admin"]) }
  }

  private static let administration = """
    import sqlite3
    base, path = sys.argv[3], "/admin/v1/clients"
    def admin(token, proof=None, scheme="DPoP"):
      fields = {"Authorization": scheme + " " + token} if token else {}
      if proof: fields["DPoP"] = proof
      return requests.get(base + path, headers=fields)
    def challenges(answer): return answer.raw.headers.getlist("WWW-Authenticate")
    algs = 'algs="ES256 EdDSA PS256 RS256"'
    def expect(what, answer, status, challenge):
      check(what, answer, status)
      if challenges(answer) != challenge: results.append(f"{what}: {challenges(answer)}")
    def failed(error): return [f'DPoP realm="signet", error="{error}", {algs}']
    client, thief = Client(), Client()
    tokens = client.login(audience=issuer + "/admin")
    token = tokens["access_token"]
    assert tokens["token_type"] == "DPoP" and claims(token)["aud"] == issuer + "/admin"
    here = {"htu": base + path}
    good = client.proof("GET", path, token, **here)
    check("by the address asked", admin(token, good), "200 None")
    expect("again", admin(token, good), "401 invalid_dpop_proof", failed("invalid_dpop_proof"))
    other = "http://localhost:9"
    passed_on = requests.get(base + path, headers={"Host": "localhost:9", "Authorization": "DPoP " + token,
                                                   "DPoP": client.proof("GET", path, token, htu=other + path)})
    expect("sent to another port", passed_on, "401 invalid_dpop_proof", failed("invalid_dpop_proof"))
    check("by the issuer's", admin(token, client.proof("GET", path, token)), "200 None")
    for what, bad in [("none", None), ("another key", thief.proof("GET", path, token, **here)),
                      ("another token's", client.proof("GET", path, token + "x", **here)), ("no ath", client.proof("GET", path, **here)),
                      ("another address", client.proof("GET", path, token, htu="http://127.0.0.1:1" + path)),
                      ("another path", client.proof("GET", path, token, htu=base + path + "/signet")),
                      ("another method", client.proof("POST", path, token, **here)),
                      ("old", client.proof("GET", path, token, iat=int(time.time()) - 300, **here)), ("garbage", "x")]:
      expect(what, admin(token, bad), "401 invalid_dpop_proof", failed("invalid_dpop_proof"))
    answer = admin(token, client.proof("GET", path, token, nonce="x" * 30, **here))
    expect("another nonce", answer, "401 use_dpop_nonce", failed("use_dpop_nonce"))
    client.nonce = answer.headers["DPoP-Nonce"]
    check("with its nonce", admin(token, client.proof("GET", path, token, **here)), "200 None")
    # Stolen, it is no bearer token.
    expect("as a bearer", admin(token, None, "Bearer"), "401 invalid_token", failed("invalid_token"))
    expect("as a bearer", admin(token, client.proof("GET", path, token, **here), "Bearer"), "401 invalid_token", failed("invalid_token"))
    expect("no token", admin(None), "401 invalid_token", ['Bearer realm="signet"', 'DPoP realm="signet", ' + algs])
    usual = client.login()["access_token"]
    expect("another audience", admin(usual, client.proof("GET", path, usual, **here)), "401 invalid_token", failed("invalid_token"))
    local = open(os.path.dirname(sys.argv[4]) + "/admin.token").read().strip()
    check("the file's", admin(local, None, "Bearer"), "200 None")
    expect("the file's by DPoP", admin(local, client.proof("GET", path, local, **here)), "401 invalid_token", failed("invalid_token"))
    plain = requests.post(issuer + "/v1/login", json={
      "username": "ada", "password": sys.argv[2], "audience": issuer + "/admin"}).json()["access_token"]
    check("unbound", admin(plain, None, "Bearer"), "200 None")
    expect("unbound by DPoP", admin(plain, client.proof("GET", path, plain, **here)), "401 invalid_token", failed("invalid_token"))
    with sqlite3.connect(sys.argv[4], timeout=10) as store: store.execute("UPDATE user SET roles = '[]'")
    expect("no longer one", admin(token, client.proof("GET", path, token, **here)), "403 insufficient_scope", failed("insufficient_scope"))
    expect("no longer one", admin(plain, None, "Bearer"), "403 insufficient_scope",
           ['Bearer realm="signet", error="insufficient_scope"'])
    """

  /// `/v1/verify` says that it can't tell, and in no challenge that it could.
  @Test(.needsPython) func boundTokensAtTheGateway() async throws {
    try await run(Self.gateway) { try await $0.addUser() }
  }

  private static let gateway = """
    client = Client()
    token = client.login()["access_token"]
    def verify(scheme, proof=None):
      return client.call("GET", "/v1/verify", proof, token, scheme)
    for scheme, proof in [("DPoP", True), ("DPoP", None), ("dpop", True), ("Bearer", None), ("Bearer", True)]:
      answer = verify(scheme, proof)
      check(scheme, answer, "401 invalid_token")
      assert answer.raw.headers.getlist("WWW-Authenticate") == ['Bearer realm="signet", error="invalid_token"'], answer.headers
      assert "bound to a key" in answer.json()["error_description"], answer.text
    bare = requests.get(issuer + "/v1/verify")
    assert bare.raw.headers.getlist("WWW-Authenticate") == ['Bearer realm="signet"'], bare.headers
    me = requests.get(issuer + "/v1/me")
    assert me.raw.headers.getlist("WWW-Authenticate") == [
      'Bearer realm="signet"', 'DPoP realm="signet", algs="ES256 EdDSA PS256 RS256"'], me.headers
    """
}
