// Revoking, rehearsing and exporting keys beside a running server.

import Foundation
import Testing

@Suite struct KeyRevocationTests {
  @Test func aRevokedKeyIsRefusedAtOnce() async throws {
    try await withServer(["issuer=http://127.0.0.1"]) { server in
      try await server.addUser()
      let tokens = try await server.login()
      let (active, pending) = (try await server.kid("active"), try await server.kid("pending"))
      #expect(try await server.isGood(tokens.access))
      let output = try await server.done(["key", "revoke", active, "--reason", "laptop \"lost\""])
      for words in [active, pending, "What must happen next", "300s", "the running server serves by them"] {
        #expect(output.contains(words), "\(words) isn't in \(output)")
      }
      // When the command has returned, it is done.
      #expect(try await server.get("/v1/me", bearer: tokens.access).status == 401)
      #expect(try await !server.published().contains(active))
      // Nobody is signed out.
      let next = try await server.refresh(tokens.refresh)
      #expect(try next.kid == pending)
      #expect(try await server.isGood(next.access))
      try await server.expectGoodKeys()
      let row = try #require(try await server.keys().first { $0.kid == active })
      #expect(row.state == "revoked" && row.json["reason"]?.string == "laptop \"lost\"")
      let entry = try #require(try await server.audit().first { $0["event"] == "key_revoked" })
      #expect(try JSON(entry["detail"]?.string ?? "") == ["kid": .string(active), "reason": "laptop \"lost\""])
      let again = try await server.command(["key", "revoke", active])
      again.expectError(1, ["revoked already"])
      // And after a restart.
      let second = try await server.restart()
      #expect(try await second.get("/v1/me", bearer: tokens.access).status == 401)
      #expect(try await second.isGood(next.access))
      await second.child.destroy()
    }
  }

  @Test func anyKeyCanBeRevoked() async throws {
    try await withServer { server in
      let pending = try await server.kid("pending")
      let json = try JSON(try await server.done(["key", "revoke", pending, "--json"]))
      #expect(json["revoked"] == [["kid": .string(pending)]] && json["active"] == .null && json["served"] == true)
      #expect(json["made"]?.array?.count == 1)
      try await server.expectGoodKeys([], "pending")
      try await server.done(["key", "rotate", "--now"])
      let retired = try await server.kid("retired")
      try await server.done(["key", "revoke", retired])
      #expect(try await server.published().count == 2)
      try await server.expectGoodKeys()
    }
  }

  /// Whoever took one key could take the other.
  @Test func compromisedKeysAreAllReplaced() async throws {
    try await withServer { server in
      try await server.addUser()
      let tokens = try await server.login()
      let before = try await server.published()
      let json = try JSON(
        try await server.done(["key", "revoke", try await server.kid("pending"), "--compromised", "--json"]))
      #expect(json["revoked"]?.array?.count == 2 && json["made"]?.array?.count == 2)
      let after = try await server.published()
      #expect(after.count == 2 && Set(before).isDisjoint(with: after))
      #expect(try await server.get("/v1/me", bearer: tokens.access).status == 401)
      #expect(try await server.isGood(try await server.refresh(tokens.refresh).access))
      try await server.expectGoodKeys()
    }
  }

  @Test func withoutAServerTheNextOneServesByIt() async throws {
    try await withServer { server in
      let active = try await server.kid("active")
      await server.child.destroy()
      let output = try await server.done(["key", "revoke", active])
      #expect(output.contains("no server runs here"))
      let second = try await server.restart()
      #expect(try await !second.published().contains(active))
      await second.child.destroy()
    }
  }

  @Test(.needsPython) func aRehearsalShowsWhoIsReady() async throws {
    try await withServer { server in
      try await server.publishes()
      let hostile = "Evil\u{202E}/1 \u{9B}31m\"' \(String(repeating: "x", count: 300))"
      for agent in ["Gateway/1.0", hostile] {
        _ = try await server.send(Request("GET", "/.well-known/jwks.json", [("User-Agent", agent)]))
      }
      let rehearsal = try await eventually("both fetches are remembered") { () -> JSON? in
        let json = try JSON(try await server.done(["key", "rehearse", "--json"]))
        return json["verifiers"]?.array?.filter { $0["has_key"] == true }.count == 2 ? json : nil
      }
      let agents = (rehearsal["verifiers"]?.array ?? []).compactMap { $0["user_agent"]?.string }
      #expect(agents.contains("Gateway/1.0"))
      let evil = try #require(agents.first { $0.hasPrefix("Evil") })
      #expect(evil.utf8.count == 200 && evil.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value < 0x7F })
      #expect(rehearsal["kid"]?.string == (try await server.kid("pending")))
      let token = try #require(rehearsal["token"]?.string)
      #expect(try await server.get("/v1/me", bearer: token).status == 401)
      #expect(try await server.command(["token", "verify", token]).status == 1)
      let claims = try JSON(try await server.python(Self.verify, [server.issuer, token]))
      #expect(claims["payload"]?.object?.keys.sorted() == ["aud", "exp", "iat", "iss", "jti"])
      #expect(claims["header"]?["typ"] == "canary+jwt" && claims["payload"]?["aud"] == "urn:signet:canary")
      #expect(try await server.audit().contains { $0["event"] == "key_rehearsed" })
      // A key that nobody has fetched yet.
      try await server.done(["key", "rotate", "--now"])
      let text = try await eventually("PyJWT's fetch is remembered too") { () -> String? in
        // The token alone is on standard output.
        let text = try await server.command(["key", "rehearse"]).errors
        return text.contains("known verifiers: 3; haven't fetched this key: 3") ? text : nil
      }
      #expect(text.contains("Gateway/1.0") && text.contains("Python"))
      #expect(!text.contains("\u{202E}"))
    }
  }

  /// As a service would.
  private static let verify = """
    import json, sys, jwt
    issuer, token = sys.argv[1:]
    key = jwt.PyJWKClient(issuer + "/.well-known/jwks.json").get_signing_key_from_jwt(token)
    print(json.dumps(jwt.decode_complete(token, key, algorithms=["ES256"], audience="urn:signet:canary", issuer=issuer), default=str))
    """

  @Test(.needsOpenSSL) func exportedKeysAreTheServedOnes() async throws {
    try await withServer(["token.algorithms=ES256,PS256,EdDSA"]) { server in
      let set = try JSON(try await server.done(["key", "export"]))
      #expect(Set((set["keys"]?.array ?? []).compactMap { $0["kid"]?.string }) == Set(try await server.published()))
      #expect((set["keys"]?.array ?? []).allSatisfy { $0["d"] == nil })
      let pem = try await server.done(["key", "export", "--pem"])
      #expect(pem.components(separatedBy: "-----BEGIN PUBLIC KEY-----").count == 7)
      let file = try server.folder.write("a passphrase that nobody guesses\n", to: "passphrase")
      for algorithm in ["ES256", "PS256", "EdDSA"] {
        let kid = try await server.kid("active", algorithm)
        let encrypted = try await server.done(["key", "export", "--private", kid, "--passphrase-file", file])
        #expect(encrypted.hasPrefix("-----BEGIN ENCRYPTED PRIVATE KEY-----"))
        let path = try server.folder.write(encrypted, to: "key.pem")
        func openssl(_ passphrase: String) async throws -> Finished {
          try await Finished.run(
            try #require(Programs.openssl), ["pkey", "-in", path, "-passin", passphrase, "-pubout"],
            folder: server.folder)
        }
        let opened = try await openssl("file:\(file)")
        #expect(opened.status == 0 && pem.contains(opened.output), "\(opened)")
        #expect(try await openssl("pass:a passphrase that somebody guesses").status != 0)
      }
      let kid = try await server.kid("pending")
      let input = try await server.command(
        ["key", "export", "--private", kid, "--passphrase-file", "-"], input: "from standard input\n")
      #expect(input.status == 0)
      let exported = try await server.audit().filter { $0["event"] == "key_exported" }
      #expect(exported.count == 4 && exported.last?["detail"]?.string == "{\"kid\":\"\(kid)\"}")
      // What is wiped can't be had.
      try await server.done(["key", "rotate", "--now", "--algorithm", "ES256"])
      let retired = try await server.kid("retired")
      let wiped = try await server.command(["key", "export", "--private", retired, "--passphrase-file", file])
      wiped.expectError(1, ["retired", "wiped"])
    }
  }

  @Test func mistakes() async throws {
    try await withServer { server in
      let kid = try await server.kid("active")
      let short = try server.folder.write("short\n", to: "short")
      let cases: [([String], Int32, [String])] = [
        (["key", "rotate", "--algorithm", "RS256"], 2, ["RS256", "ES256"]),
        (["key", "rotate", "--algorithm", "none\n"], 2, ["ES256"]),
        (["key", "rehearse", "--algorithm", "EdDSA"], 2, ["EdDSA"]),
        (["key", "revoke"], 2, ["kid"]),
        (["key", "revoke", "nobody"], 1, ["nobody", "signet key list"]),
        (["key", "revoke", kid, "--reason", ""], 2, ["--reason"]),
        (["key", "revoke", kid, "--reason", "a\nb"], 2, ["--reason"]),
        (["key", "revoke", kid, "--reason", String(repeating: "x", count: 201)], 2, ["--reason"]),
        (["key", "export", "--private", "nobody", "--passphrase-file", short], 1, ["nobody"]),
        (["key", "export", "--private", kid], 2, ["passphrase", "--passphrase-file"]),
        (["key", "export", "--private", kid, "--passphrase-file", short], 2, ["12"]),
        (["key", "export", "--private", kid, "--passphrase-file", "/nowhere/at/all"], 1, ["/nowhere/at/all"]),
        (["key", "export", "--passphrase-file", short], 2, ["--private"]),
        (["key", "rewrap", "--reason", "x"], 2, ["--compromised"]),
        (["key", "turn"], 2, []),
      ]
      for (arguments, status, words) in cases {
        (try await server.command(arguments)).expectError(status, words, "\(arguments)")
      }
      #expect(try await server.kid("active") == kid)
      #expect(try await server.audit().allSatisfy { $0["event"] == "key_created" })
      // A folder without keys has none to show, and gets none by being asked.
      let empty = try Folder()
      for command in [["rotate"], ["rehearse"], ["revoke", "x"], ["export"], ["rewrap"]] {
        let finished = try await Finished.run(
          Programs.signet, ["key"] + command + ["--data", empty.path], folder: empty)
        finished.expectError(1, ["no keys"], "\(command)")
      }
      #expect(FileManager.default.fileExists(atPath: empty.path + "/master.key") == false)
    }
  }

  @Test func whatOpenSSLCanNotDoIsRefusedAtStart() async throws {
    let folder = try Folder()
    for command in [["config", "check"], ["serve"] + LiveServer.anyPort.flatMap { ["--set", $0] }] {
      let finished = try await Finished.run(
        Programs.signet,
        command + ["--data", folder.path + "/data", "--set", "token.algorithms=ES256,ML-DSA-44"], folder: folder)
      guard finished.status != 0 else {
        print("SKIPPED: this OpenSSL has ML-DSA")
        return
      }
      finished.expectError(command[0] == "serve" ? 1 : 2, ["ML-DSA-44", "OpenSSL 3.5"], "\(command)")
    }
  }
}
