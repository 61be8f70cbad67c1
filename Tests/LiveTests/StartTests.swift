// Starting wrongly: one line with what, why and the mend; exit 2 for a mistake in what was given, 1 for a failure.

import Foundation
import Testing

@Suite struct StartTests {
  @Test func mistakesInTheConfiguration() async throws {
    let folder = try Folder()
    func file(_ text: String) throws -> String { try folder.write(text, to: UUID().uuidString + ".yaml") }
    let cases: [(arguments: [String], words: [String])] = [
      (["--set", "session.retry_windo=1s"], ["session.retry_windo", "session.retry_window"]),
      (["--set", "session.retry_window=soon"], ["session.retry_window"]),
      (["--set", "session.retry_window"], ["KEY=VALUE"]),
      (["--set", "password.memory_kib=0"], ["password.memory_kib"]),
      (["--set", "listen=0.0.0.0:0"], ["listen", "tls.mode"]),
      (["--config", folder.path + "/missing.yaml"], ["missing.yaml"]),
      (["--config", try file("session:\n  idle_tll: 3d\n")], [":2", "idle_ttl"]),
      (["--config", try file("log: {level: loud}\n")], ["log.level", "info"]),
      (["--config", try file("listen: [")], [".yaml"]),
      (["--config", folder.path], [folder.path]),
      (["--dat", folder.path], ["--data"]),
    ]
    for (arguments, words) in cases {
      let finished = try await Finished.run(
        Programs.signet, ["serve", "--data", folder.path + "/data"] + arguments, folder: folder)
      #expect(finished.status == 2, "\(arguments): \(finished)")
      checkLine(finished, words)
    }
    // Nothing was made for any of them.
    #expect(FileManager.default.fileExists(atPath: folder.path + "/data") == false)
    for command in [["config", "check"], ["config", "show"]] {
      let finished = try await Finished.run(Programs.signet, command + ["--set", "log.level=x"], folder: folder)
      #expect(finished.status == 2)
    }
  }

  @Test func usedWrongly() async throws {
    let folder = try Folder()
    for arguments in [["fly"], ["user"], ["user", "add"], ["serve", "--wings"], ["user", "add", "ada", "--role"]] {
      let finished = try await Finished.run(Programs.signet, arguments, folder: folder)
      #expect(finished.status == 2 || arguments == ["user"], "\(arguments): \(finished)")
      if finished.status != 0 { checkLine(finished, []) }
    }
    for arguments in [["--help"], ["--version"], ["help", "serve"], ["user", "--help"]] {
      let finished = try await Finished.run(Programs.signet, arguments, folder: folder)
      #expect(finished.status == 0)
      #expect(!finished.output.isEmpty)
    }
  }

  @Test func whatIsTakenAlready() async throws {
    try await withServer { server in
      let second = try await server.command(["serve"] + LiveServer.anyPort.flatMap { ["--set", $0] })
      #expect(second.status == 1)
      checkLine(second, ["another signet", server.data])
      let other = try Folder()
      let port = try await Finished.run(
        Programs.signet,
        [
          "serve", "--data", other.path + "/data", "--set", "listen=127.0.0.1:\(server.port)", "--set",
          "admin.listen=127.0.0.1:0",
        ], folder: other)
      #expect(port.status == 1)
      checkLine(port, ["\(server.port)"])
      #expect(try await server.get("/readyz").status == 200)
    }
  }

  @Test func environmentAndFlagsOverrideTheFile() async throws {
    let folder = try Folder()
    let file = try folder.write(
      "log:\n  level: warning\nsession:\n  max_per_user: 7\n  retry_window: 9s\n", to: "s.yaml")
    let environment = ["SIGNET_SESSION_MAX_PER_USER": "8", "SIGNET_SESSION_RETRY_WINDOW": "10s", "SIGNET_UNKNOWN": "1"]
    let flags = ["--config", file, "--set", "session.retry_window=11s"]
    let shown = try await Finished.run(
      Programs.signet, ["config", "show", "--json"] + flags, environment: environment, folder: folder)
    #expect(shown.status == 0, "\(shown)")
    let rows = try shown.json.array ?? []
    func value(_ key: String) -> String? { rows.first { $0["key"]?.string == key }?["value"]?.string }
    #expect(value("log.level") == "warning")
    #expect(value("session.max_per_user") == "8")
    #expect(value("session.retry_window") == "11s")
    let check = try await Finished.run(
      Programs.signet, ["config", "check"] + flags, environment: environment, folder: folder)
    #expect(check.status == 0)
    #expect(check.output.contains("SIGNET_UNKNOWN"))
  }

  private func checkLine(_ finished: Finished, _ words: [String]) {
    let lines = finished.errors.split(separator: "\n")
    #expect(lines.count == 1, "\(finished)")
    #expect(finished.errors.hasPrefix("signet: "))
    for word in words { #expect(finished.errors.contains(word), "\(word) isn't in \(finished.errors)") }
  }
}
