// Clients whose access tokens differ: signed otherwise, by a key they share, encrypted, with claims of their own.
// Independent libraries read what they get.

import Foundation
import Testing

@Suite struct ClientFormTests {
  @Test(.needsPython) func eachClientChoosesAmongWhatIsOffered() async throws {
    let algorithms = ["ES384", "RS256", "PS256", "EdDSA"]
    try await withServer(["token.algorithms=\((["ES256"] + algorithms).joined(separator: ","))"]) { server in
      let id = try await server.addUser()
      for algorithm in algorithms {
        try await server.addClient(algorithm, ["--algorithm", algorithm])
        let first = try await server.login(client: algorithm)
        let tokens = try await server.refresh(first.refresh)
        #expect(try tokens.header["alg"]?.string == algorithm && tokens.header["typ"] == "at+jwt")
        let output = try JSON(
          try await server.python(VerifyTests.script, [server.issuer, tokens.access, algorithm]))
        #expect(output["pyjwt"]?.string == id && output["joserfc"]?.string == id)
        #expect(output["altered_refused"] == true)
        #expect(try await server.isGood(tokens.access))
      }
      #expect(try await server.login().header["alg"] == "ES256")
    }
  }

  @Test(.needsPython, arguments: ["HS256", "HS384", "HS512"])
  func whoSharesAKeyVerifiesAMAC(_ algorithm: String) async throws {
    try await withServer { server in
      let id = try await server.addUser()
      let added = try await server.addClient("shop", ["--mac-key", "generate", "--algorithm", algorithm])
      let key = try #require(added["mac_key"])
      let secret = try #require(key["k"]?.string)
      let tokens = try await server.login(client: "shop")
      #expect(try await server.python(Self.macScript, [key.text, tokens.access, server.issuer]).contains(id))
      // Its kid tells nothing, and the set that everybody fetches has neither.
      let kid = try #require(key["kid"]?.string)
      #expect(try tokens.header["kid"]?.string == kid && !secret.contains(kid))
      #expect(try await server.get("/.well-known/jwks.json").text.contains(kid) == false)
      try await isNoBearer(tokens, server)
      // Shown once.
      let shown = try await server.done(["client", "show", "shop", "--json"])
      #expect(try JSON(shown).array?.first?["mac_key"] == ["alg": .string(algorithm), "kid": .string(kid)])
      for text in [shown, try await server.audit().map(\.text).joined(), server.log] { #expect(!text.contains(secret)) }
    }
  }

  /// Signet's own endpoints take no token that its client's services could have made, or that they alone can read.
  private func isNoBearer(_ tokens: Tokens, _ server: LiveServer) async throws {
    for request in [
      Request.bearer("GET", "/v1/me", tokens.access), .bearer("GET", "/v1/sessions", tokens.access),
      .bearer("DELETE", "/v1/sessions/\(tokens.session)", tokens.access),
      .json("/v1/logout", [:], bearer: tokens.access),
      .json("/v1/password", ["current_password": .string(goodPassword), "new_password": "x"], bearer: tokens.access),
    ] {
      let answer = try await server.send(request)
      #expect(answer.status == 401 && answer.error == "invalid_token")
    }
    #expect(try await server.command(["token", "verify", tokens.access]).status == 1)
    // The session lives, and its refresh token ends it.
    let next = try await server.refresh(tokens.refresh)
    #expect(try await server.post("/v1/logout", ["refresh_token": .string(next.refresh)]).status == 204)
    #expect(try await server.tryRefresh(next.refresh).status == 401)
  }

  private static let macScript = """
    import json, sys
    import jwt
    from joserfc import jwt as jose
    from joserfc.jwk import OctKey
    from jwcrypto import jwk, jwt as crypto
    key, token, issuer = json.loads(sys.argv[1]), sys.argv[2], sys.argv[3]
    algorithm = key["alg"]
    one = jwt.decode_complete(token, jwt.PyJWK(key), algorithms=[algorithm], audience="api", issuer=issuer)
    assert one["header"] == {"alg": algorithm, "typ": "at+jwt", "kid": key["kid"]}, one["header"]
    two = jose.decode(token, OctKey.import_key(key), algorithms=[algorithm])
    three = crypto.JWT(jwt=token, key=jwk.JWK(**key), algs=[algorithm], expected_type="JWS")
    assert one["payload"] == two.claims == json.loads(three.claims)
    print(two.claims["sub"])
    """

  @Test func aKeyOfTheClientsOwnKeepsItsKid() async throws {
    try await withServer { server in
      try await server.addUser()
      let key = ##"{"kty":"oct","alg":"HS256","kid":"ours-1","k":"\##(base64URL((0..<32).map { UInt8($0) }))"}"##
      let file = try server.folder.write(key, to: "mac.jwk")
      try await server.addClient("shop", ["--mac-key", file, "--algorithm", "HS256"])
      #expect(try await server.login(client: "shop").header["kid"] == "ours-1")
      // And is good again after a restart.
      let again = try await server.restart()
      let tokens = try await again.login(client: "shop")
      await again.child.destroy()
      #expect(try tokens.header == ["alg": "HS256", "typ": "at+jwt", "kid": "ours-1"])
    }
  }

  /// A new master key changes nothing for the client; when the old one is in wrong hands, its key goes too, and until it has
  /// another it gets no tokens rather than some that nobody expects.
  @Test(.needsPython) func aMACKeyFollowsTheMasterKey() async throws {
    try await withServer { server in
      try await server.addUser()
      let key = try #require(
        try await server.addClient("shop", ["--mac-key", "generate", "--algorithm", "HS256"])["mac_key"])
      try await server.done(["key", "rewrap"])
      let again = try await server.restart()
      let tokens = try await again.login(client: "shop")
      #expect(try tokens.header["kid"] == key["kid"])
      _ = try await again.python(Self.macScript, [key.text, tokens.access, again.issuer])
      try await again.done(["key", "rewrap", "--compromised"])
      try await eventually("the key is gone") { try await again.tryLogin(client: "shop").status == 500 }
      #expect(try JSON(try await again.done(["client", "show", "shop", "--json"])).array?.first?["mac_key"] == .null)
      #expect(again.log.contains("client_tokens client=shop: HS256 needs a key"))
      try await again.done(["client", "change", "shop", "--mac-key", "generate"])
      try await eventually("another is registered") { try await again.tryLogin(client: "shop").status == 200 }
      await again.child.destroy()
    }
  }

  @Test(
    .needsPython,
    arguments: [
      ("RSA-OAEP-256", "RSA", "A256GCM"), ("ECDH-ES", "P-256", "A128GCM"), ("ECDH-ES", "X25519", "A256CBC-HS512"),
      ("ECDH-ES+A256KW", "P-256", "A128CBC-HS256"), ("ECDH-ES+A256KW", "X25519", "A256GCM"),
    ])
  func onlyTheClientsServicesReadAnEncryptedToken(_ algorithm: String, _ kind: String, _ content: String) async throws {
    try await withServer { server in
      let id = try await server.addUser()
      let key = server.folder.path + "/key"
      _ = try await server.python(Self.keyScript, [key, algorithm, kind])
      try await server.addClient("shop", ["--encryption-key", key + ".public", "--encryption", content])
      let first = try await server.login(client: "shop")
      let (tokens, again) = (try await server.refresh(first.refresh), try await server.refresh(first.refresh))
      var read: [JSON] = []
      for token in [tokens.access, again.access] {
        let output = try await server.python(Self.decryptScript, [key, token, server.issuer, algorithm, content])
        read.append(try JSON(output))
      }
      #expect(read[0]["sub"]?.string == id && read[0]["email"] == nil)
      // The same answer again, in another envelope.
      #expect(read[0] == read[1] && tokens.refresh == again.refresh && tokens.access != again.access)
      try await isNoBearer(again, server)
      let shown = try JSON(try await server.done(["client", "show", "shop", "--json"])).array?.first
      #expect(shown?["encryption"]?.string == content && shown?["encryption_key"]?["alg"]?.string == algorithm)
      #expect(shown?["encryption_key"]?["kid"] == "enc-1")
    }
  }

  private static let keyScript = """
    import sys
    from jwcrypto import jwk
    path, algorithm, kind = sys.argv[1:]
    what = {"RSA": {"kty": "RSA", "size": 2048}, "P-256": {"kty": "EC", "crv": kind}}.get(kind, {"kty": "OKP", "crv": kind})
    key = jwk.JWK.generate(alg=algorithm, use="enc", kid="enc-1", **what)
    open(path, "w").write(key.export_private())
    open(path + ".public", "w").write(key.export_public())
    """

  private static let decryptScript = """
    import json, sys, urllib.request
    import jwt
    from joserfc import jwe as jose
    from joserfc.jwk import import_key
    from jwcrypto import jwe, jwk
    path, token, issuer, algorithm, content = sys.argv[1:]
    text = open(path).read()
    one = jose.decrypt_compact(token, import_key(json.loads(text)), algorithms=[algorithm, content])
    two = jwe.JWE(algs=[algorithm, content])
    two.deserialize(token, jwk.JWK.from_json(text))
    assert one.plaintext == two.payload
    header = {name: value for name, value in one.headers().items() if name != "epk"}
    assert header == {"alg": algorithm, "enc": content, "typ": "at+jwt", "cty": "JWT", "kid": "enc-1"}, header
    inner = one.plaintext.decode()
    assert jwt.get_unverified_header(inner)["typ"] == "at+jwt"
    keys = jwt.PyJWKClient(issuer + "/.well-known/jwks.json")
    key = keys.get_signing_key_from_jwt(inner)
    print(json.dumps(jwt.decode(inner, key, algorithms=["ES256"], audience="api", issuer=issuer)))
    """

  @Test func aChangeTakesEffectWhileTheServerRuns() async throws {
    try await withServer(["token.algorithms=ES256,EdDSA"]) { server in
      try await server.addUser("ada", ["--email", "ada@example.com", "--role", "editor", "--role", "signet:admin"])
      try await server.addClient("shop")
      func changed(_ options: [String], _ isSo: (Tokens) throws -> Bool) async throws {
        try await server.done(["client", "change", "shop"] + options)
        let began = ContinuousClock.now
        try await eventually("\(options) holds") { try isSo(try await server.login(client: "shop")) }
        // The watch looks every half second; the rest is this machine's.
        #expect(ContinuousClock.now - began < .seconds(20))
      }
      #expect(try await server.login(client: "shop").claims["email"] == nil)
      try await changed(["--claim", "email=email", "--claim", "https://a.example/name=username"]) {
        try $0.claims["email"] == "ada@example.com" && $0.claims["https://a.example/name"] == "ada"
      }
      try await changed(["--claim", "since=created_at", "--no-claims", "--roles-claim", "groups"]) {
        try $0.claims["groups"] == ["editor"] && $0.claims["roles"] == ["signet:admin"] && $0.claims["email"] == nil
          && $0.claims["since"]?.integer != nil
      }
      try await changed(["--algorithm", "Ed25519", "--no-claims", "--roles-claim", "roles"]) {
        try $0.header["alg"] == "EdDSA" && $0.claims["roles"] == ["editor", "signet:admin"]
          && $0.claims["groups"] == nil
      }
      try await changed(["--mac-key", "generate", "--algorithm", "HS384"]) { try $0.header["alg"] == "HS384" }
      try await changed(["--mac-key", "none", "--algorithm", "default"]) { try $0.header["alg"] == "ES256" }
      let events = try await server.audit().filter { $0["event"] == "client_changed" }
      #expect(events.count == 5 && events.allSatisfy { $0["client_id"] == "shop" && $0["actor"] == "operator" })
      #expect(events.last?["detail"]?.string == #"{"changed":["algorithm","mac_key"]}"#)
    }
  }

  /// Refused as a whole; the log tells the operator what to do, and what was presented is good once that is done.
  @Test func aTokenOverItsSizeIsRefused() async throws {
    try await withServer { server in
      let roles = (0..<40).flatMap { ["--role", "a-role-of-some-length-\($0)"] }
      try await server.addUser("ada", roles)
      try await server.addClient("shop", ["--roles-claim", "groups", "--token-size", "4000"])
      let tokens = try await server.login(client: "shop")
      #expect(tokens.access.utf8.count > 1500)
      try await server.done(["client", "change", "shop", "--token-size", "default"])
      let refused = try await eventually("the limit holds") {
        let answer = try await server.tryRefresh(tokens.refresh)
        return answer.status == 500 ? answer : nil
      }
      #expect(refused.error == "server_error" && !refused.text.contains("1500"))
      let cause = try await eventually("the log says why") {
        server.log.split(separator: "\n").first { $0.contains("token_size client=shop") }
      }
      let size = try #require(cause.firstMatch(of: /bytes=([0-9]+) limit=1500.*--token-size ([0-9]+)/))
      #expect(size.1 == size.2)
      #expect(try await server.tryLogin(client: "shop").status == 500)
      #expect(try JSON(try await server.done(["session", "list", "ada", "--json"])).array?.count == 1)
      try await server.done(["client", "change", "shop", "--token-size", String(size.2)])
      try await eventually("it is allowed") { try await server.tryRefresh(tokens.refresh).status == 200 }
    }
  }

  /// An algorithm that the issuer no longer offers: the client gets no token in another form.
  @Test func aClientWhoseAlgorithmIsGoneGetsNoTokens() async throws {
    let issuer = "issuer=https://login.example.com"
    try await withServer([issuer, "token.algorithms=ES256,EdDSA"]) { server in
      try await server.addUser()
      try await server.addClient("shop", ["--algorithm", "EdDSA"])
      let tokens = try await server.login(client: "shop")
      let again = try await server.restart([issuer])
      try await eventually("it is said at the start") { again.log.contains("client_tokens client=shop") }
      #expect(try await again.tryRefresh(tokens.refresh).status == 500)
      _ = try await again.login()
      // Its key stays published for what it has signed.
      #expect(try await again.isGood(tokens.access))
      try await again.done(["client", "change", "shop", "--algorithm", "default"])
      try await eventually("it has tokens again") { try await again.tryRefresh(tokens.refresh).status == 200 }
      await again.child.destroy()
    }
  }
}

extension LiveServer {
  /// Adds a client by the command and waits until the server knows it; what was printed.
  @discardableResult
  func addClient(_ id: String, _ options: [String] = []) async throws -> JSON {
    let output = try await done(["client", "add", id, "--id", id, "--json"] + options)
    // A login that fails later than for want of a client, and leaves no session.
    try await eventually("client \(id) is known") {
      let body: JSON = ["username": "nobody", "password": "x", "client_id": .string(id)]
      return try await post("/v1/login", body).error == "invalid_credentials"
    }
    return try JSON(output)
  }

  func login(client: String) async throws -> Tokens { try Tokens(try await tryLogin(client: client)) }

  func tryLogin(client: String) async throws -> Answer {
    try await post(
      "/v1/login", ["username": "ada", "password": .string(goodPassword), "client_id": .string(client)])
  }
}
