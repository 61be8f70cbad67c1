// Commands beside a running server, which heeds what they did.

import Foundation
import Testing

@Suite struct CommandTests {
  @Test func aDisabledUserIsOut() async throws {
    try await withServer { server in
      try await server.addUser()
      let tokens = try await server.login()
      try await server.done(["user", "disable", "ada"])
      #expect(try await server.tryRefresh(tokens.refresh).error == "invalid_grant")
      #expect(try await server.isGood(tokens.access) == false)
      #expect(try await server.tryLogin().status == 401)
      try await server.done(["user", "enable", "ada"])
      #expect(try await server.tryRefresh(tokens.refresh).status == 401)
      _ = try await server.login()
    }
  }

  @Test func aDeletedUserIsGone() async throws {
    try await withServer { server in
      try await server.addUser()
      let tokens = try await server.login()
      try await server.done(["user", "delete", "ada"])
      #expect(try await server.tryRefresh(tokens.refresh).error == "invalid_grant")
      #expect(try await server.isGood(tokens.access) == false)
      #expect(try await server.tryLogin().status == 401)
      // A namesake is somebody else.
      try await server.addUser()
      #expect(try await server.isGood(tokens.access) == false)
      #expect(try await server.command(["user", "show", "nobody"]).status == 1)
    }
  }

  @Test func aClientIsUsableAndThenNot() async throws {
    try await withServer { server in
      try await server.addUser()
      try await server.done(["client", "add", "shop", "--id", "shop", "--audience", "orders", "--audience", "stock"])
      func login(_ audience: String) async throws -> Answer {
        try await server.post(
          "/v1/login",
          ["username": "ada", "password": .string(goodPassword), "client_id": "shop", "audience": .string(audience)])
      }
      let answer = try await eventually("the client is usable") {
        let answer = try await login("stock")
        return answer.status == 200 ? answer : nil
      }
      let tokens = try Tokens(answer)
      #expect(try tokens.claims["aud"] == ["stock", .string(server.issuer)])
      #expect(try tokens.claims["client_id"] == "shop")
      #expect(try await login("money").error == "invalid_target")
      #expect(
        try JSON(try await server.done(["client", "show", "shop", "--json"])).array?.first?["client_id"] == "shop")
      try await server.done(["client", "delete", "shop"])
      #expect(try await server.tryRefresh(tokens.refresh).status == 401)
      try await eventually("the client is unknown") { try await login("stock").error == "invalid_client" }
      #expect(try await server.command(["client", "delete", "shop"]).status == 1)
      #expect(try await server.command(["client", "delete", "signet"]).status == 1)
    }
  }

  @Test func sessionsAreListedAndRevoked() async throws {
    try await withServer { server in
      try await server.addUser()
      let (one, two) = (try await server.login(), try await server.login())
      let rows = try JSON(try await server.done(["session", "list", "ada", "--json"])).array ?? []
      #expect(Set(rows.compactMap { $0["id"]?.string }) == [one.session, two.session])
      try await server.done(["session", "revoke", one.session])
      #expect(try await server.tryRefresh(one.refresh).status == 401)
      #expect(try await server.isGood(two.access))
      #expect(try await server.command(["session", "revoke", one.session]).status == 1)
      #expect(try await server.command(["session", "revoke", "x"]).status == 2)
      try await server.done(["session", "revoke", "--user", "ada"])
      #expect(try await server.isGood(two.access) == false)
    }
  }

  @Test func keysAreListed() async throws {
    try await withServer { server in
      let rows = try JSON(try await server.done(["key", "list", "--json"])).array ?? []
      let published = try await server.get("/.well-known/jwks.json").json["keys"]?.array ?? []
      #expect(Set(rows.compactMap { $0["kid"]?.string }) == Set(published.compactMap { $0["kid"]?.string }))
      #expect(rows.filter { $0["state"] == "active" }.count == 1)
      #expect(rows.allSatisfy { $0["algorithm"] == "ES256" })
      #expect(try await server.command(["health"]).status == 0)
    }
  }

  @Test func tokensAreInspectedAndVerified() async throws {
    try await withServer { server in
      try await server.addUser()
      let tokens = try await server.login()
      let set = server.issuer + "/.well-known/jwks.json"
      let inspection = try await Finished.run(
        Programs.signet, ["token", "inspect", tokens.access], folder: server.folder)
      let inspected = try inspection.json
      #expect(inspected["claims"] == (try tokens.claims))
      #expect(inspected["verified"] == false)
      for source in [["--jwks", set], []] {
        let output = try await server.done(
          ["token", "verify", "-", "--issuer", server.issuer] + source, input: tokens.access)
        #expect(try JSON(output) == tokens.claims)
      }
      try server.folder.write(tokens.access + "\n", to: "token")
      try await server.done(["token", "verify", "@\(server.folder.path)/token"])
      let parts = tokens.access.split(separator: ".")
      for bad in [tokens.access.dropLast(4) + "AAAA", parts[0] + "." + parts[1] + ".", "x"] {
        let finished = try await server.command(["token", "verify", String(bad)])
        #expect(finished.status == 1)
        #expect(finished.output.isEmpty)
      }
      for (option, value) in [("--issuer", "http://other"), ("--audience", "other")] {
        #expect(try await server.command(["token", "verify", tokens.access, option, value]).status == 1)
      }
    }
  }

  @Test func everyCommandThatPrintsTakesJSON() async throws {
    try await withServer { server in
      try await server.addUser()
      let tokens = try await server.login()
      for command in [
        ["user", "list"], ["user", "show", "ada"], ["user", "disable", "ada"], ["user", "enable", "ada"],
        ["client", "list"], ["client", "show", "signet"], ["session", "list", "ada"], ["key", "list"],
        ["audit", "list"],
        ["audit", "verify"], ["config", "show"], ["config", "check"], ["health"], ["migrate"],
        ["migrate", "--dry-run"],
        ["token", "verify", tokens.access], ["session", "revoke", "--user", "ada"], ["user", "delete", "ada"],
      ] {
        let output = try await server.done(command + ["--json"])
        #expect((try? JSON(output)) != nil, "\(command): \(output)")
      }
      let inspect = ["token", "inspect", tokens.access, "--json"]
      #expect(try await Finished.run(Programs.signet, inspect, folder: server.folder).json["claims"] != nil)
    }
  }

  @Test(.enabled(if: geteuid() == 0, "SKIPPED: giving a folder to somebody else needs root"))
  func somebodyElsesFolderIsRefused() async throws {
    let folder = try Folder()
    let data = folder.path + "/data"
    try #require(mkdir(data, 0o755) == 0 && chown(data, 65_534, 65_534) == 0)
    for command in [["user", "list"], ["serve"]] {
      let finished = try await Finished.run(Programs.signet, command + ["--data", data], folder: folder)
      #expect(finished.status == 1)
      #expect(finished.errors.contains("run signet as its owner"))
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: data).isEmpty)
  }

  @Test func theAuditTrailHolds() async throws {
    try await withServer { server in
      try await server.addUser()
      let tokens = try await server.login()
      _ = try await server.post("/v1/logout", ["refresh_token": .string(tokens.refresh)])
      let events = try await server.audit().compactMap { $0["event"]?.string }
      #expect(events.suffix(2) == ["login", "logout"])
      try await server.done(["audit", "verify"])
      await server.child.destroy()
      try await server.sql("UPDATE audit SET actor = 'nobody' WHERE seq = 2")
      #expect(try await server.command(["audit", "verify"]).status == 1)
    }
  }
}
