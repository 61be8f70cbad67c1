// What may be registered of a client, by the command and by the admin API: the same rules, and each refusal names the member.

import Foundation
import Testing

@Suite struct ClientRegistrationTests {
  private typealias Case = (options: [String], body: String, member: String)

  /// Each wrong in one thing, for the command and as JSON.
  private static let wrong: [Case] =
    [
      (["--kind", "secret"], #""kind":"secret""#, "kind"), (["--kind", "Public"], #""kind":1"#, "kind"),
      (["--auth", "client_secret_jwt"], #""authentication":"client_secret_jwt""#, "authentication"),
      (["--auth", "client_secret_basic"], #""authentication":"client_secret_basic""#, "authentication"),
      (
        ["--kind", "confidential", "--auth", "none"], #""kind":"confidential","authentication":"none""#,
        "authentication"
      ),
      (["--grant", "client_credentials"], #""grants":["client_credentials"]"#, "grants"),
      (["--kind", "confidential", "--grant", "password"], #""kind":"confidential","grants":["password"]"#, "grants"),
      (["--grant", "implicit"], #""grants":["implicit"]"#, "grants"),
      (["--grant", "password", "--grant", "password"], #""grants":["password","password"]"#, "grants"),
      (["--audience", "https://issuer.example"], #""audiences":["https://issuer.example"]"#, "audiences"),
      (["--audience", "https://issuer.example/admin"], #""audiences":["https://issuer.example/admin"]"#, "audiences"),
      (["--audience", "a b"], #""audiences":["a b"]"#, "audiences"),
      (["--audience", ""], #""audiences":[""]"#, "audiences"),
      (["--audience", "a", "--audience", "a"], #""audiences":"a""#, "audiences"),
      (["--scope", "a\"b"], #""scopes":["a\"b"]"#, "scopes"), (["--scope", "ä"], #""scopes":["ä"]"#, "scopes"),
      (["--scope", "a\\b"], #""scopes":[1]"#, "scopes"),
      (["--access-ttl", "2d"], #""access_ttl":172800"#, "access_ttl"),
      (["--access-ttl", "0s"], #""access_ttl":0"#, "access_ttl"),
      (["--idle-ttl", "4000d"], #""idle_ttl":-1"#, "idle_ttl"),
      (["--idle-ttl", "2h", "--absolute-ttl", "1h"], #""idle_ttl":7200,"absolute_ttl":3600"#, "idle_ttl"),
      (["--absolute-ttl", "9999d"], #""absolute_ttl":9223372036854775807"#, "absolute_ttl"),
      (["--origin", "https://app.example/"], #""origins":["https://app.example/"]"#, "origins"),
      (["--origin", "http://app.example"], #""origins":["http://app.example"]"#, "origins"),
      (["--origin", "https://App.example"], #""origins":["https://App.example"]"#, "origins"),
      (["--origin", "https://app.example:443"], #""origins":["https://app.example:443"]"#, "origins"),
      (["--origin", "https://other.example"], #""origins":["https://other.example"]"#, "origins"),
      (["--origin", "*"], #""origins":["*"]"#, "origins"), (["--origin", "null"], #""origins":["null"]"#, "origins"),
      (["--origin", "https://a@b.example"], #""origins":["https://a@b.example"]"#, "origins"),
      (["--origin", "https://app.example:0"], #""origins":["https://app.example:99999"]"#, "origins"),
      (
        ["--kind", "confidential", "--origin", "https://app.example"],
        #""kind":"confidential","origins":["https://app.example"]"#, "origins"
      ),
      (["--require-dpop", "--require-mtls"], #""require_dpop":true,"require_mtls":true"#, "require_mtls"),
      (["--token-form", "opaque"], #""token_form":"opaque""#, "token_form"),
      (["--algorithm", "none"], #""algorithm":"none""#, "algorithm"),
      (["--token-size", "1"], #""token_size":1"#, "token_size"),
      (["--claim", "sub=username"], #""claims":{"sub":"username"}"#, "claims"),
      (
        ["--kind", "confidential", "--auth", "private_key_jwt"],
        #""kind":"confidential","authentication":"private_key_jwt""#,
        "jwks"
      ),
      (["--jwks", "PUBLIC"], #""jwks":{"keys":[KEY]}"#, "jwks"),
      (
        ["--kind", "confidential", "--auth", "tls_client_auth"],
        #""kind":"confidential","authentication":"tls_client_auth""#,
        "tls_subject"
      ),
      (["--tls-subject", "dns:a"], #""tls_subject":"dns:a""#, "tls_subject"),
    ]
    + keys.map { file, text in
      (
        ["--kind", "confidential", "--auth", "private_key_jwt", "--jwks", file],
        #""kind":"confidential","authentication":"private_key_jwt","jwks":\#(text)"#, "jwks"
      )
    }
    + ["shop.example", "dn:shop", "ip:shop", "dns:", "cn:shop", "dn:CN=a,b"].map { subject in
      (
        ["--kind", "confidential", "--auth", "tls_client_auth", "--tls-subject", subject],
        #""kind":"confidential","authentication":"tls_client_auth","tls_subject":"\#(subject)""#, "tls_subject"
      )
    }

  private static let point =
    #""kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM""#

  /// Key sets that no client may have, by the name of their file.
  private static let keys: [(String, String)] = [
    ("symmetric", #"{"keys":[{"kty":"oct","k":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"}]}"#),
    ("private", #"{"keys":[{\#(point),"d":"870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE"}]}"#),
    ("encrypting", #"{"keys":[{\#(point),"use":"enc"}]}"#), ("none", #"{"keys":[]}"#), ("key", "{\(point)}"),
    ("off", "{\"keys\":[{\(point.replacingOccurrences(of: "MKBC", with: "MKBD"))}]}"), ("text", #""x""#),
    ("twice", #"{"keys":[{\#(point),"kid":"a"},{\#(point),"kid":"a"}]}"#),
    ("many", "{\"keys\":[\((0..<21).map { "{\(point),\"kid\":\"\($0)\"}" }.joined(separator: ","))]}"),
    ("spaced", #"{"keys":[{\#(point),"kid":"a b"}]}"#), ("url", #"{"jwks_uri":"https://shop.example/keys"}"#),
  ]

  @Test func whatIsWrongNamesItsMember() async throws {
    try await withServer(["issuer=https://issuer.example"]) { server in
      var files = ["PUBLIC": try server.folder.write("{\"keys\":[{\(Self.point)}]}", to: "PUBLIC.jwks")]
      for (name, text) in Self.keys { files[name] = try server.folder.write(text, to: name + ".jwks") }
      try await server.addClient("shop")
      let before = try await server.done(["client", "list", "--json"])
      let audit = try await server.audit().count
      let administrator = try server.administrator
      for one in Self.wrong {
        let options = one.options.map { files[$0] ?? $0 }
        for command in [["client", "add", "new"], ["client", "change", "shop"]] {
          let finished = try await server.command(command + options)
          #expect(finished.status == 2, "\(command + options): \(finished)")
          #expect(
            finished.errors.contains(one.member.replacingOccurrences(of: "_ttl", with: "")), "\(options): \(finished)")
          #expect(finished.errors.split(separator: "\n").count == 1 && finished.output.isEmpty)
        }
        let body = one.body.replacingOccurrences(of: "KEY", with: "{\(Self.point)}")
        for (method, path, name) in [("POST", "", #""name":"new","#), ("PATCH", "/shop", "")] {
          let answer = try await administrator.send(method, path, text: "{\(name)\(body)}")
          #expect(answer.status == 400 && answer.error == "invalid_request", "\(body): \(answer)")
          let why = try answer.json["error_description"]?.string ?? ""
          #expect(why.hasPrefix("member \(one.member): "), "\(body): \(why)")
        }
      }
      #expect(try await server.done(["client", "list", "--json"]) == before)
      #expect(try await server.audit().count == audit)
    }
  }

  /// By the first listener's URL where no issuer is set: the next start would fail otherwise.
  @Test func originsMustFitTheIssuerToBe() async throws {
    try await withServer { server in
      let foreign = try await server.command(["client", "add", "page", "--origin", "https://app.example.com"])
      #expect(foreign.status == 2 && foreign.errors.contains("same-site with http://127.0.0.1:"), "\(foreign)")
      try await server.done(["client", "add", "page", "--origin", "http://127.0.0.1:3000"])
      await (try await server.restart()).child.destroy()
    }
  }

  @Test func everyMemberIsKeptAndShown() async throws {
    try await withServer(["issuer=https://issuer.example"]) { server in
      let file = try server.folder.write("{\"keys\":[{\(Self.point),\"kid\":\"k\",\"x5u\":\"https://x\"}]}", to: "jwks")
      try await server.done([
        "client", "add", "Shop", "--id", "shop", "--kind", "confidential", "--auth", "private_key_jwt", "--jwks", file,
        "--grant", "client_credentials", "--grant", "refresh_token", "--audience", "https://api.example", "--audience",
        "b",
        "--scope", "read", "--access-ttl", "5m", "--idle-ttl", "1h", "--absolute-ttl", "2h", "--require-dpop",
        "--token-form", "reference",
      ])
      func shown() async throws -> JSON {
        try #require(try JSON(try await server.done(["client", "show", "shop", "--json"])).array?.first)
      }
      var client = try await shown()
      #expect(client["kind"] == "confidential" && client["authentication"] == "private_key_jwt")
      #expect(
        client["grants"] == ["client_credentials", "refresh_token"]
          && client["audiences"] == ["https://api.example", "b"])
      #expect(client["access_ttl"] == 300 && client["idle_ttl"] == 3600 && client["absolute_ttl"] == 7200)
      #expect(client["require_dpop"] == true && client["require_mtls"] == false && client["token_form"] == "reference")
      // Its public members alone; nothing is fetched, so no URL is kept.
      #expect(client["jwks"]?["keys"]?.array?.first?["kid"] == "k" && !client.text.contains("x5u"))
      let changed = try await server.done([
        "client", "change", "shop", "--auth", "client_secret_post", "--no-scopes", "--no-audiences",
        "--no-require-dpop",
        "--access-ttl", "default", "--token-form", "jwt", "--name", "Renamed", "--json",
      ])
      #expect(try JSON(changed)["client_secret"]?.string?.count == 43)
      client = try await shown()
      #expect(
        client["authentication"] == "client_secret_post" && client["jwks"] == .null && client["name"] == "Renamed")
      #expect(client["scopes"] == [] && client["audiences"] == [] && client["access_ttl"] == .null)
      #expect(client["require_dpop"] == false && client["token_form"] == "jwt" && client["idle_ttl"] == 3600)
      #expect(try await server.audit().last?["detail"]?.string?.contains("authentication") == true)
    }
  }

  @Test func keysComeByStandardInputToo() async throws {
    try await withServer { server in
      try await server.done(["client", "add", "shop", "--id", "shop", "--kind", "confidential"])
      let piped = try await server.command(
        ["client", "change", "shop", "--auth", "private_key_jwt", "--jwks", "-"], input: "{\"keys\":[{\(Self.point)}]}")
      #expect(piped.status == 0, "\(piped)")
      #expect(try await server.command(["client", "change", "signet", "--kind", "confidential"]).status == 2)
      #expect(try await server.command(["client", "rotate-secret", "shop"]).status == 2)
    }
  }

  @Test func theSecretBeforeIsGoodForAsLongAsIsSaid() async throws {
    try await withServer { server in
      let first = try #require(try await server.addConfidential("shop", [])["client_secret"]?.string)
      let rotated = try JSON(try await server.done(["client", "rotate-secret", "shop", "--json"]))
      let second = try #require(rotated["client_secret"]?.string)
      #expect(rotated["previous_secret_until"]?.string != nil && first != second)
      try await server.heedsCommands()
      for secret in [first, second] { #expect(try await server.serviceToken("shop", secret).status == 200) }
      let ended = try await server.done(["client", "rotate-secret", "shop", "--keep", "0s"])
      #expect(ended.contains("the secret before is good no longer"))
      let third = try #require(ended.split(separator: "\n")[1].split(separator: " ").last.map(String.init))
      try await server.heedsCommands()
      for secret in [first, second] { #expect(try await server.serviceToken("shop", secret).error == "invalid_client") }
      #expect(try await server.serviceToken("shop", third).status == 200)
      for keep in ["31d", "1", "-1s", "soon"] {
        #expect(try await server.command(["client", "rotate-secret", "shop", "--keep=\(keep)"]).status == 2)
      }
      #expect(try await server.serviceToken("shop", third).status == 200)
    }
  }

  /// Every rotation that is told as done gives a secret that is good, or was replaced by one told later; never one that
  /// nobody was told to have replaced.
  @Test func racingRotationsLeaveTwoSecretsAtMost() async throws {
    try await withServer { server in
      let first = try #require(try await server.addConfidential("shop", [])["client_secret"]?.string)
      let administrator = try server.administrator
      var (current, rotations) = (first, 0)
      for _ in 0..<8 {
        async let one = administrator.send("POST", "/shop/rotate-secret", text: "{}")
        async let two = administrator.send("POST", "/shop/rotate-secret", text: "{}")
        let answers = try await [one, two]
        let told = try answers.filter { $0.status == 200 }.map { try $0.json["client_secret"]?.string ?? "" }
        for answer in answers where answer.status != 200 { #expect(answer.status == 409 && answer.error == "conflict") }
        #expect(!told.isEmpty)
        rotations += told.count
        var good: [String] = []
        for secret in told + [current] where try await server.serviceToken("shop", secret).status == 200 {
          good.append(secret)
        }
        // One after the other: the two that were told. At once: the one told, and the one before.
        #expect(good.count == 2 && good.contains { told.contains($0) })
        current = told.count == 1 ? told[0] : current
        if told.count == 2 {
          let ended = try #require(
            try await administrator.send("POST", "/shop/rotate-secret", text: #"{"keep":0}"#).json["client_secret"])
          (current, rotations) = (ended.string ?? "", rotations + 1)
        }
      }
      #expect(try await server.audit().filter { $0["event"] == "client_changed" }.count == rotations)
    }
  }
}

extension LiveServer {
  /// Asks for a token by client_credentials and Basic.
  func serviceToken(_ id: String, _ secret: String) async throws -> Answer {
    var request = Request.form("/oauth2/token", "grant_type=client_credentials")
    request.fields.append(("Authorization", "Basic " + Data("\(id):\(secret)".utf8).base64EncodedString()))
    return try await send(request)
  }

  /// Whoever can read the data folder's admin.token.
  var administrator: TestAdministrator {
    get throws {
      let token = text(ofFile: data + "/admin.token").trimmingCharacters(in: .newlines)
      guard !token.isEmpty else { throw HarnessError("there is no admin.token") }
      return TestAdministrator(server: self, token: token)
    }
  }
}

/// A user of the admin API's clients.
struct TestAdministrator: Sendable {
  let server: LiveServer
  let token: String

  func send(_ method: String, _ path: String, text: String? = nil) async throws -> Answer {
    var request = Request(method, "/admin/v1/clients" + path, [("Authorization", "Bearer \(token)")])
    if let text {
      request.body = Array(text.utf8)
      request.fields.append(("Content-Type", "application/json"))
    }
    return try await server.send(request, port: server.operators)
  }
}
