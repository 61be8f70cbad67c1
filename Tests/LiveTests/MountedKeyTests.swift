// A master key's file that can't be replaced, being a mount of its own, as in a container.

import Foundation
import Testing

@Suite struct MountedKeyTests {
  /// A mount namespace of its own, in which the file is mounted on itself and then a shell's lines run.
  private func mounted(_ server: LiveServer, _ lines: String) async throws -> Finished {
    let script = "f=$1; s=\"$2 key\"; d=\"--data $3\"; mount --bind $f $f || exit 77\n" + lines
    return try await Finished.run(
      "/usr/bin/unshare", ["-m", "sh", "-c", script, "sh", key(server), Programs.signet, server.data],
      environment: ["PATH": "/usr/bin:/bin:/usr/sbin:/sbin"], folder: server.folder)
  }

  private func key(_ server: LiveServer) -> String { server.data + "/master.key" }

  private func names(_ server: LiveServer) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: server.data).filter { $0.hasPrefix("master.key") }
  }

  @Test(.enabled(if: geteuid() == 0, "SKIPPED: mounting needs root"), arguments: ["", " --compromised"])
  func aFileThatCanNotBeReplacedStaysAsItIs(_ flag: String) async throws {
    try await withServer { server in
      try await server.addUser()
      let tokens = try await server.login()
      let before = text(ofFile: key(server))
      let refused = try await mounted(
        server, "$s rewrap\(flag) $d; code=$?; $s export $d >/dev/null || exit 9; exit $code")
      refused.expectError(1, ["nothing was changed", "can't be replaced", "mount the folder"])
      #expect(refused.output.isEmpty)
      #expect(try names(server) == ["master.key"] && text(ofFile: key(server)) == before)
      _ = try await server.refresh(tokens.refresh)
      try await server.done(["key", "rewrap"])
    }
  }

  /// The new key that opens the store stays, whatever is tried, until it can take the old one's place.
  @Test(.enabled(if: geteuid() == 0, "SKIPPED: mounting needs root"))
  func aNewKeyThatOpensTheStoreStays() async throws {
    try await withServer(["issuer=http://127.0.0.1"]) { server in
      let old = text(ofFile: key(server))
      try await server.done(["key", "rewrap"])
      let new = text(ofFile: key(server))
      await server.child.destroy()
      try FileManager.default.moveItem(atPath: key(server), toPath: key(server) + ".new")
      _ = try server.folder.write(old, to: "old")
      try FileManager.default.copyItem(atPath: server.folder.path + "/old", toPath: key(server))
      try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: key(server))
      let tried = try await mounted(
        server,
        "$s export $d >/dev/null || exit 8; $s rewrap $d && exit 9; $s rewrap --compromised $d && exit 9; exit 1")
      #expect(tried.status == 1, "\(tried)")
      #expect(tried.errors.components(separatedBy: "keep \(key(server)).new").count >= 4, "\(tried)")
      #expect(tried.errors.contains("note: the store is wrapped by the master key in"))
      #expect(text(ofFile: key(server) + ".new") == new)
      // Where it can, the next command sees to it.
      try await server.done(["key", "rewrap"])
      #expect(try names(server) == ["master.key"] && text(ofFile: key(server)) != new)
      try await server.done(["key", "export"])
    }
  }
}
