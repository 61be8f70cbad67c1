// A new master key beside a running server, whatever moment the command dies at; and every key replaced.

import Foundation
import Testing

@Suite struct RewrapTests {
  private func masterKey(_ server: LiveServer) -> String {
    text(ofFile: server.data + "/master.key").trimmingCharacters(in: .whitespacesAndNewlines)
  }

  @Test func nobodyIsSignedOut() async throws {
    try await withServer(["issuer=http://127.0.0.1"]) { server in
      try await server.addUser()
      var tokens = try await server.login()
      let (old, published) = (masterKey(server), try await server.published())
      let output = try await server.done(["key", "rewrap"])
      #expect(output.contains("nobody is signed out") && output.contains("wrapped 8 keys"))
      #expect(masterKey(server) != old)
      #expect(FileManager.default.fileExists(atPath: server.data + "/master.key.new") == false)
      let attributes = try FileManager.default.attributesOfItem(atPath: server.data + "/master.key")
      #expect(attributes[.posixPermissions] as? Int == 0o600)
      // The running server has read the store again, and goes on; so does the next one.
      try await server.done(["key", "rotate", "--now"])
      try await eventually("the server takes up changes made under the new master key") {
        try await server.published() != published
      }
      tokens = try await server.refresh(tokens.refresh)
      #expect(try await server.isGood(tokens.access))
      #expect(!server.log.contains("can't be read again"))
      let second = try await server.restart()
      #expect(try await second.isGood(tokens.access))
      tokens = try await second.refresh(tokens.refresh)
      #expect(try await second.audit().filter { $0["event"] == "keys_rewrapped" }.count == 1)
      await second.child.destroy()
      // The old master key opens nothing any more.
      try Data(old.utf8).write(to: URL(fileURLWithPath: server.data + "/master.key"))
      (try await server.command(["key", "export"])).expectError(1, ["master key"])
    }
  }

  /// The command is killed before each of its calls that change a file, one after the other. Each time, whoever comes next finds
  /// the keys.
  @Test(.needsPlainServer, arguments: [["rewrap"], ["rewrap", "--compromised"], ["rotate", "--now"]])
  func aDeathAtAnyMomentHarmsNothing(_ command: [String]) async throws {
    try await withServer { server in
      try await server.addUser()
      let tokens = try await server.login()
      let keepsSessions = command != ["rewrap", "--compromised"]
      var finished = false
      var (calls, deaths) = (0, 0)
      while !finished {
        calls += 1
        // Kills come thick where the files change places, and at every third call elsewhere.
        guard Programs.isLong || calls % 3 == 0 || calls > 60 || calls < 15 else { continue }
        let killed = try await Finished.run(
          Programs.signet, ["key"] + command + ["--data", server.data] + server.settings.flatMap { ["--set", $0] },
          environment: BrokenSystem.death(at: calls), folder: server.folder)
        finished = killed.status == 0
        if !finished {
          deaths += 1
          #expect(killed.status == 137, "\(command), call \(calls): \(killed)")
        }
        try await server.expectGoodKeys(["ES256"], "\(command), call \(calls)")
      }
      print("\(command): killed \(deaths) times before \(calls) calls")
      #expect(deaths > 8)
      if keepsSessions { _ = try await server.refresh(tokens.refresh) }
      // The server went on through all of it, and so does the next one.
      let kid = try await server.kid("active")
      try await eventually("the server signs by the last key") { try await server.login().kid == kid }
      let second = try await server.restart()
      _ = try await second.login()
      #expect(try await second.tryRefresh(tokens.refresh).status == (keepsSessions ? 200 : 401))
      #expect(FileManager.default.fileExists(atPath: second.data + "/master.key.new") == false)
      await second.child.destroy()
    }
  }

  @Test func inWrongHandsEverythingIsReplaced() async throws {
    try await withServer(["token.algorithms=ES256,EdDSA"]) { server in
      try await server.addUser()
      let tokens = try await server.login()
      let before = try await server.published()
      let output = try await server.done(["key", "rewrap", "--compromised", "--reason", "stolen laptop"])
      for words in ["everybody has to log in again", "ended 1 sessions", "What must happen next", "old backup"] {
        #expect(output.contains(words), "\(words) isn't in \(output)")
      }
      #expect(try await server.get("/v1/me", bearer: tokens.access).status == 401)
      #expect(try await server.tryRefresh(tokens.refresh).status == 401)
      let after = try await server.published()
      #expect(after.count == 4 && Set(before).isDisjoint(with: after))
      #expect(try await server.keys().filter { $0.json["reason"]?.string == "stolen laptop" }.count == 4)
      #expect(try await server.isGood(try await server.login().access))
      #expect(
        try await server.sql("SELECT DISTINCT revoked_reason FROM session WHERE revoked_at NOT NULL") == "compromised\n"
      )
      try await server.expectGoodKeys(["ES256", "EdDSA"])
    }
  }

  @Test func keysFromTheEnvironment() async throws {
    let (old, new) = (base64URL(Array(repeating: 1, count: 32)), base64URL(Array(repeating: 2, count: 32)))
    let both = ["SIGNET_MASTER_KEY": new, "SIGNET_MASTER_KEY_PREVIOUS": old]
    try await withServer(["issuer=http://127.0.0.1"], environment: ["SIGNET_MASTER_KEY": old]) { server in
      try await server.addUser()
      var tokens = try await server.login()
      func key(_ arguments: [String], _ environment: [String: String]) async throws -> Finished {
        try await Finished.run(
          Programs.signet, ["key"] + arguments + ["--data", server.data], environment: environment,
          folder: server.folder)
      }
      (try await key(["rewrap"], ["SIGNET_MASTER_KEY": old])).expectError(1, ["SIGNET_MASTER_KEY_PREVIOUS"])
      (try await key(["rewrap"], ["SIGNET_MASTER_KEY": new])).expectError(1, ["master key"])
      (try await key(["rewrap"], ["SIGNET_MASTER_KEY": "short"])).expectError(1, ["SIGNET_MASTER_KEY"])
      let wrong = ["SIGNET_MASTER_KEY": new, "SIGNET_MASTER_KEY_PREVIOUS": base64URL(Array(repeating: 3, count: 32))]
      (try await key(["rewrap"], wrong)).expectError(1, ["master key"])
      let done = try await key(["rewrap"], both)
      #expect(done.status == 0 && done.output.contains("Restart the server with the new SIGNET_MASTER_KEY"), "\(done)")
      #expect(done.output.contains("wrapped 8 keys by SIGNET_MASTER_KEY\n") && !done.output.contains("Keep a copy"))
      let again = try await key(["rewrap"], both)
      #expect(again.output == "the keys are wrapped by SIGNET_MASTER_KEY already; SIGNET_MASTER_KEY_PREVIOUS can go\n")
      let same = try await key(["rewrap", "--compromised"], both)
      same.expectError(1, ["there is no new one"])
      #expect(same.output.isEmpty)
      // The running server says what it needs, once, and goes on with what it has.
      try await eventually("the log says so") {
        server.log.contains(
          "the store is wrapped by a newer master key; restart this server with it in SIGNET_MASTER_KEY")
      }
      tokens = try await server.refresh(tokens.refresh)
      #expect(try await server.isGood(tokens.access))
      #expect(try await server.get("/readyz").status == 200)
      await server.child.destroy()
      #expect(server.log.components(separatedBy: "can't be read again").count == 2)
      (try await key(["export"], ["SIGNET_MASTER_KEY": old])).expectError(1, ["master key"])
      let file = try server.folder.write(old + "\n", to: "previous")
      let byFile = ["SIGNET_MASTER_KEY": new, "SIGNET_MASTER_KEY_PREVIOUS_FILE": file]
      for environment in [both, byFile, ["SIGNET_MASTER_KEY": new]] {
        let next = try await LiveServer.start(
          ["issuer=http://127.0.0.1"], environment: environment, folder: server.folder)
        tokens = try await next.refresh(tokens.refresh)
        #expect(next.log.contains("SIGNET_MASTER_KEY_PREVIOUS can go") == (environment.count == 2))
        // What is secret isn't in the process's environment any more.
        let variables = text(ofFile: "/proc/\(next.child.pid)/environ")
        #expect(!variables.contains(old) && !variables.contains(new))
        await next.child.destroy()
      }
    }
  }

  /// A start alone is enough.
  @Test func aStartWrapsByTheNewKey() async throws {
    let (old, new) = (base64URL(Array(repeating: 1, count: 32)), base64URL(Array(repeating: 2, count: 32)))
    try await withServer(environment: ["SIGNET_MASTER_KEY": old]) { server in
      try await server.addUser()
      let tokens = try await server.login()
      await server.child.destroy()
      let both = ["SIGNET_MASTER_KEY": new, "SIGNET_MASTER_KEY_PREVIOUS": old]
      let next = try await LiveServer.start(environment: both, folder: server.folder)
      _ = try await next.refresh(tokens.refresh)
      #expect(next.log.contains("every key was wrapped by the new master key"))
      await next.child.destroy()
      let last = try await LiveServer.start(environment: ["SIGNET_MASTER_KEY": new], folder: server.folder)
      _ = try await last.login()
      await last.child.destroy()
    }
  }

  @Test func oneAtATime() async throws {
    try await withServer { server in
      let outcomes = try await withThrowingTaskGroup(of: Int32.self) { group in
        for _ in 0..<6 { group.addTask { try await server.command(["key", "rewrap"]).status } }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(outcomes.contains(0) && outcomes.allSatisfy { $0 == 0 || $0 == 1 })
      try await server.expectGoodKeys()
      let rewrapped = try await server.audit().filter { $0["event"] == "keys_rewrapped" }.count
      #expect(rewrapped == outcomes.filter { $0 == 0 }.count)
    }
  }

  @Test func nothingOldLiesOnInTheFiles() async throws {
    try await withServer { server in
      let column =
        "SELECT group_concat(hex(wrapped)) FROM (SELECT wrapped FROM secret UNION SELECT private_key FROM signing_key)"
      let old = try await server.sql(column).split(whereSeparator: { $0 == "," || $0 == "\n" })
      #expect(old.count >= 6)
      await server.child.destroy()
      try await server.done(["key", "rewrap"])
      for name in ["signet.db", "signet.db-wal"] {
        let bytes = FileManager.default.contents(atPath: server.data + "/" + name) ?? Data()
        for blob in old {
          #expect(bytes.range(of: Self.bytes(String(blob))) == nil, "\(name) holds a key by the old master key")
        }
      }
    }
  }

  private static func bytes(_ hex: String) -> Data {
    let digits = Array(hex.utf8).map { UInt8($0 < 65 ? $0 - 48 : $0 - 55) }
    return Data(stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] })
  }
}
