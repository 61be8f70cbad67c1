// private_key_jwt (RFC 7523): assertions made by an independent library, each wrong in one way; replayed, raced, and
// replayed after the server was killed.

import Foundation
import Testing

@Suite struct ClientAssertionTests {
  @Test(.needsPython) func onlyAGoodAssertionProvesAClient() async throws {
    try await withServer(["issuer=https://auth.example"]) { server in
      let keys = try await Self.register(server)
      let output = try await server.python(Self.common + Self.cases, ["http://127.0.0.1:\(server.port)", keys])
      let results = try #require(try JSON(output).object)
      #expect(results.count >= 40)
      for (name, result) in results { #expect(result == "as expected", "\(name): \(result)") }
      // Nothing of it is told to whoever asks; the log says it to the operator.
      #expect(server.log.contains("assertion_replayed") && server.log.contains("for another audience"))
    }
  }

  /// Two connections, two threads, one assertion: one answer is a token.
  @Test(.needsPython) func racingRequestsTakeAnAssertionOnce() async throws {
    try await withServer(["issuer=https://auth.example"]) { server in
      let keys = try await Self.register(server)
      let output = try await server.python(Self.common + Self.race, ["http://127.0.0.1:\(server.port)", keys])
      #expect(output == "[1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n")
    }
  }

  /// What was taken stays taken.
  @Test(.needsPython) func aReplayAfterAKillIsRefused() async throws {
    try await withServer(["issuer=https://auth.example"]) { server in
      let keys = try await Self.register(server)
      let assertion = try await server.python(Self.common + "print(sign(claims()), end='')", ["", keys])
      #expect(try await Self.present(assertion, server).status == 200)
      let again = try await server.restart(signal: SIGKILL)
      let refused = try await Self.present(assertion, again)
      #expect(refused.status == 401 && refused.error == "invalid_client")
      let another = try await server.python(Self.common + "print(sign(claims()), end='')", ["", keys])
      #expect(try await Self.present(another, again).status == 200)
      await again.child.destroy()
    }
  }

  private static func present(_ assertion: String, _ server: LiveServer) async throws -> Answer {
    try await server.send(
      .form(
        "/oauth2/token",
        "grant_type=client_credentials&client_assertion=\(assertion)"
          + "&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer"))
  }

  /// Makes keys and registers clients with them; the file with the private ones.
  private static func register(_ server: LiveServer) async throws -> String {
    let path = server.folder.path + "/keys"
    _ = try await server.python(makeKeys, [path])
    let method = ["--auth", "private_key_jwt"]
    _ = try await server.done(
      ["client", "add", "one", "--id", "one", "--kind", "confidential", "--jwks", path + ".one"] + method)
    try await server.addConfidential("many", method + ["--jwks", path + ".many"])
    return path
  }

  private static let makeKeys = """
    import json, sys
    from joserfc.jwk import ECKey, RSAKey, OKPKey
    path = sys.argv[1]
    keys = {
        "es": ECKey.generate_key("P-256", {"kid": "es"}), "ps": RSAKey.generate_key(2048, {"kid": "ps", "alg": "PS256"}),
        "ed": OKPKey.generate_key("Ed25519", {"kid": "ed"}), "one": ECKey.generate_key("P-256", {"kid": "one"}),
        "strange": ECKey.generate_key("P-256", {"kid": "es"}),
    }
    public = {name: key.as_dict(private=False) for name, key in keys.items()}
    json.dump({name: key.as_dict(private=True) for name, key in keys.items()}, open(path, "w"))
    json.dump({"keys": [public[name] for name in ("es", "ps", "ed")]}, open(path + ".many", "w"))
    json.dump({"keys": [public["one"]]}, open(path + ".one", "w"))
    """

  private static let common = """
    import base64, concurrent.futures, hashlib, hmac, json, sys, time, uuid
    import requests
    from joserfc import jwt, jws
    from joserfc.jwk import JWKRegistry, OctKey
    base, path = sys.argv[1:]
    issuer = "https://auth.example"
    raw = json.load(open(path))
    keys = {name: JWKRegistry.import_key(value) for name, value in raw.items()}
    # The same key without its algorithm, which the library would insist on.
    raw["any"] = {name: value for name, value in raw["ps"].items() if name != "alg"}
    keys["any"] = JWKRegistry.import_key(raw["any"])
    kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    algorithms = ["ES256", "PS256", "RS256", "EdDSA", "HS256", "none"]

    def claims(**other):
        now = int(time.time())
        all = {"iss": "many", "sub": "many", "aud": issuer, "jti": str(uuid.uuid4()), "iat": now, "exp": now + 60}
        all.update(other)
        return {name: value for name, value in all.items() if value is not None}

    def sign(claims, key="es", alg="ES256", **header):
        all = {"alg": alg, "kid": raw[key]["kid"], "typ": "JWT"}
        all.update(header)
        all = {name: value for name, value in all.items() if value is not None}
        registry = jws.JWSRegistry(algorithms=algorithms, strict_check_header=False)
        return jws.serialize_compact(all, json.dumps(claims).encode(), keys[key], registry=registry)

    def post(assertion, field=None, **form):
        all = {"grant_type": "client_credentials", "client_assertion": assertion, "client_assertion_type": kind}
        all.update(form)
        all = {name: value for name, value in all.items() if value is not None}
        return requests.post(base + "/oauth2/token", all, headers={"Authorization": field} if field else {})


    """

  private static let race = """

    won = []
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        for _ in range(10):
            assertion = sign(claims())
            answers = list(pool.map(lambda _: post(assertion), range(8)))
            assert all(a.status_code in (200, 401) for a in answers), [a.text for a in answers]
            won.append(sum(a.status_code == 200 for a in answers))
    print(won)
    """

  private static let cases = """

    def part(value): return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
    now = int(time.time())
    spki = keys["es"].as_pem(private=False)
    forged = part({"alg": "HS256", "kid": "es", "typ": "JWT"}) + "." + part(claims())
    tag = hmac.new(spki, forged.encode(), hashlib.sha256).digest()
    forged += "." + base64.urlsafe_b64encode(tag).rstrip(b"=").decode()
    used = sign(claims())
    other = claims()
    plan = {
        "ES256": (200, post(sign(claims()))), "PS256": (200, post(sign(claims(), "ps", "PS256"))),
        "EdDSA": (200, post(sign(claims(), "ed", "EdDSA"))), "with client_id": (200, post(sign(claims()), client_id="many")),
        "audience in an array": (200, post(sign(claims(aud=[issuer])))),
        "no typ": (200, post(sign(claims(), typ=None))),
        "its own typ": (200, post(sign(claims(), typ="client-authentication+jwt"))),
        "only key, not named": (200, post(sign(claims(iss="one", sub="one"), "one", kid=None))),
        "exp with a fraction": (200, post(sign(claims(exp=now + 60.5)))), "first": (200, post(used)),
        "again": (401, post(used)), "same jti, another assertion": (401, post(sign({**claims(), "jti": other["jti"]}))
            if post(sign(other)).status_code == 200 else None),
        "same jti, another client": (200, post(sign({**other, "iss": "one", "sub": "one"}, "one"))),
        "token endpoint as audience": (401, post(sign(claims(aud=base + "/oauth2/token")))),
        "issuer's token endpoint": (401, post(sign(claims(aud=issuer + "/oauth2/token")))),
        "issuer and slash": (401, post(sign(claims(aud=issuer + "/")))),
        "two audiences": (401, post(sign(claims(aud=[issuer, "https://other.example"])))),
        "no audience": (401, post(sign(claims(aud=None)))), "empty audiences": (401, post(sign(claims(aud=[])))),
        "another iss": (401, post(sign(claims(iss="one")))), "another sub": (401, post(sign(claims(sub="one")))),
        "no iss": (401, post(sign(claims(iss=None)))), "no sub": (401, post(sign(claims(sub=None)))),
        "unknown client": (401, post(sign(claims(iss="nobody", sub="nobody")))),
        "expired": (401, post(sign(claims(exp=now - 60)))), "no exp": (401, post(sign(claims(exp=None)))),
        "lives too long": (401, post(sign(claims(exp=now + 7200)))), "exp is a text": (401, post(sign(claims(exp="1")))),
        "exp is huge": (401, post(sign(claims(exp=1e300)))), "not yet": (401, post(sign(claims(nbf=now + 300)))),
        "from the future": (401, post(sign(claims(iat=now + 300)))), "no jti": (401, post(sign(claims(jti=None)))),
        "empty jti": (401, post(sign(claims(jti="")))), "long jti": (401, post(sign(claims(jti="x" * 257)))),
        "jti is a number": (401, post(sign(claims(jti=1)))), "alg none": (401, post(part({"alg": "none"}) + "." + part(claims()) + ".")),
        "HS256 by the public key": (401, post(forged)), "RS256 by a key for PS256": (401, post(sign(claims(), "any", "RS256"))),
        "a stranger's key": (401, post(sign(claims(), "strange"))), "another's kid": (401, post(sign(claims(), "es", kid="ed"))),
        "unknown kid": (401, post(sign(claims(), kid="other"))), "kid missing among many": (401, post(sign(claims(), kid=None))),
        "an access token's typ": (401, post(sign(claims(), typ="at+jwt"))),
        "a proof's typ": (401, post(sign(claims(), typ="dpop+jwt"))),
        "brings its key": (401, post(sign(claims(), jwk=keys["strange"].as_dict(private=False)))),
        "critical": (401, post(sign(claims(), crit=["b64"], b64=True))), "another client_id": (401, post(sign(claims()), client_id="one")),
        "garbage": (401, post("x.y.z")), "large": (401, post(sign(claims(more="x" * 9000)))),
        "with a secret": (400, post(sign(claims()), client_secret="x", client_id="many")),
        "with Basic": (400, post(sign(claims()), "Basic " + base64.b64encode(b"many:x").decode())),
        "no type": (400, post(sign(claims()), client_assertion_type=None)),
        "SAML": (400, post(sign(claims()), client_assertion_type="urn:ietf:params:oauth:client-assertion-type:saml2-bearer")),
        "type alone": (400, post(None)),
    }
    wanted = {200: None, 400: "invalid_request", 401: "invalid_client"}
    def judge(status, answer):
        good = answer is not None and answer.status_code == status and answer.json().get("error") == wanted[status]
        return "as expected" if good else f"{answer.status_code} {answer.text}" if answer is not None else "no answer"
    print(json.dumps({name: judge(*entry) for name, entry in plan.items()}))
    """
}
