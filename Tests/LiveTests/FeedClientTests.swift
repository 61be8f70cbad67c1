// The feed for clients that authenticate by a form: by a secret in it, or by an assertion (RFC 7523).

import Foundation
import Testing

@Suite struct FeedClientTests {
  @Test(.needsPython) func aFormOpensTheFeed() async throws {
    try await withServer { server in
      try await server.addUser()
      let keys = server.folder.path + "/keys"
      _ = try await server.python(Self.makeKeys, [keys])
      _ = try await server.done([
        "client", "add", "signed", "--id", "signed", "--kind", "confidential", "--auth", "private_key_jwt", "--jwks",
        keys + ".public",
      ])
      let basic = try await server.addConfidential("basic", [])
      let posted = try await server.addConfidential("posted", ["--auth", "client_secret_post"])
      let secrets = [basic, posted].compactMap { $0["client_secret"]?.string }
      let output = try await server.python(
        Self.script, [server.issuer, goodPassword, keys + ".private"] + secrets)
      #expect(output == "[]\n")
    }
  }

  /// SignetVerifier subscribes by each of them.
  @Test(.needsPython, arguments: ["client_secret_post", "private_key_jwt"])
  func aServiceSubscribes(_ method: String) async throws {
    try await withServer { server in
      try await server.addUser("ada", ["--role", "editor"])
      let keys = server.folder.path + "/keys"
      _ = try await server.python(Self.makeKeys, [keys])
      let isSigned = method == "private_key_jwt"
      let added = try await server.addConfidential(
        "signed", ["--auth", method] + (isSigned ? ["--jwks", keys + ".public"] : []))
      if isSigned {
        _ = try await server.python(Self.makeAssertion, [server.issuer, keys + ".private", keys + ".assertion"])
      }
      let secret = added["client_secret"]?.string ?? keys + ".assertion"
      let service = try await Service.start(
        server.issuer, server.folder,
        environment: ["FEED_CREDENTIALS": "signed:\(secret)", "FEED_METHOD": method])
      let (mine, other) = (try await server.login(), try await server.login())
      for tokens in [mine, other] { try await service.expect(tokens.access, 200) }
      try await server.logout(mine)
      try await eventually("it is refused") { try await service.ask(mine.access).status == 401 }
      try await service.expect(other.access, 200)
      await service.child.destroy()
    }
  }

  private static let makeAssertion = """
    import json, sys, time
    from joserfc import jwt
    from joserfc.jwk import ECKey
    key = ECKey.import_key(json.load(open(sys.argv[2])))
    claims = {"iss": "signed", "sub": "signed", "aud": sys.argv[1], "jti": "once", "exp": int(time.time()) + 60}
    open(sys.argv[3], "w").write(jwt.encode({"alg": "ES256", "kid": "es"}, claims, key))
    """

  private static let makeKeys = """
    import json, sys
    from joserfc.jwk import ECKey
    key = ECKey.generate_key("P-256", {"kid": "es", "alg": "ES256"})
    json.dump({"keys": [key.as_dict(private=False)]}, open(sys.argv[1] + ".public", "w"))
    json.dump(key.as_dict(private=True), open(sys.argv[1] + ".private", "w"))
    """

  private static let script = """
    import json, sys, time, uuid
    import requests
    from joserfc import jwt
    from joserfc.jwk import ECKey
    issuer, password, path, basic, posted = sys.argv[1:]
    key = ECKey.import_key(json.load(open(path)))
    feed = issuer + "/v1/revocations"
    def assertion(**changes):
      now = {"iss": "signed", "sub": "signed", "aud": issuer, "jti": str(uuid.uuid4()), "exp": int(time.time()) + 60, **changes}
      return {"client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
              "client_assertion": jwt.encode({"alg": "ES256", "kid": "es"}, now, key)}
    results = []
    def refused(what, answer, status, error):
      if (answer.status_code, answer.json().get("error")) != (status, error): results.append(f"{what}: {answer.status_code} {answer.text}")
    def events(form, last=None, auth=None):
      fields = {"Last-Event-ID": last} if last else {}
      answer = requests.post(feed, data=form, headers=fields, auth=auth, stream=True, timeout=60)
      assert answer.status_code == 200 and answer.headers["Content-Type"] == "text/event-stream", answer.text
      name = data = None
      for line in answer.iter_lines(chunk_size=1):
        text, _, value = line.decode().partition(": ")
        if text == "event": name = value
        elif text == "data": data = json.loads(value)
        elif text == "id": last = value
        elif text == "" and name:
          yield name, data, last
          name = None
    def end():
      tokens = requests.post(issuer + "/v1/login", json={"username": "ada", "password": password}).json()
      assert requests.post(issuer + "/v1/logout", json={"refresh_token": tokens["refresh_token"]}).status_code == 204
      return tokens["session_id"]
    secret = {"client_id": "posted", "client_secret": posted}
    first, last = end(), None
    for form, auth in [(lambda: assertion(), None), (lambda: secret, None), (lambda: {"client_id": "basic"}, ("basic", basic))]:
      stream = events(form(), auth=auth)
      heard = next(stream)
      assert heard[0] == "denied" and heard[1]["sid"] == first, heard
      for name, data, last in stream:
        if name == "ready": break
      second = end()
      heard = next(stream)
      assert heard[0] == "denied" and heard[1]["sid"] == second, heard
      # From where the reader stood, and nothing twice.
      again = next(events(form(), last, auth))
      assert again == heard, (again, heard)
    used = assertion()
    stream = events(used)
    next(stream)
    refused("an assertion again", requests.post(feed, data=used), 401, "invalid_client")
    refused("for another", requests.post(feed, data=assertion(aud=feed)), 401, "invalid_client")
    refused("expired", requests.post(feed, data=assertion(exp=int(time.time()) - 600)), 401, "invalid_client")
    refused("another secret", requests.post(feed, data={"client_id": "posted", "client_secret": basic}), 401, "invalid_client")
    refused("another method", requests.post(feed, data={"client_id": "basic", "client_secret": basic}), 401, "invalid_client")
    refused("another method by GET", requests.get(feed, auth=("posted", posted)), 401, "invalid_client")
    refused("no client", requests.post(feed, data={"x": "y"}), 401, "invalid_client")
    refused("a public one", requests.post(feed, data={"client_id": "signet"}), 401, "invalid_client")
    refused("two methods", requests.post(feed, data=secret, auth=("posted", posted)), 400, "invalid_request")
    refused("no form", requests.post(feed, json=secret), 415, "unsupported_media_type")
    # A secret in the address would stand in logs.
    refused("in the query", requests.get(feed, params=secret), 401, "invalid_client")
    refused("in the query", requests.post(feed, params=secret, data={}), 415, "unsupported_media_type")
    print(json.dumps(results))
    """
}
