// The master key and the store: made together, never parted, never made anew.

import Foundation
import Testing

@Suite struct MasterKeyTests {
  @Test func theFirstStartMakesAllAndSaysSo() async throws {
    try await withServer { server in
      func mode(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
      }
      #expect(try mode(server.data) == 0o700)
      for name in try FileManager.default.contentsOfDirectory(atPath: server.data) {
        #expect(try mode(server.data + "/" + name) == 0o600, "\(name)")
      }
    }
  }

  @Test func aWrongOrMissingOneIsRefused() async throws {
    try await withServer { server in
      try await server.addUser()
      let tokens = try await server.login()
      await server.child.destroy()
      let path = server.data + "/master.key"
      let right = try String(contentsOfFile: path, encoding: .utf8)
      let keys = try await server.done(["key", "list", "--json"])

      try FileManager.default.removeItem(atPath: path)
      let missing = try await serve(server)
      #expect(missing.status == 1)
      #expect(missing.errors.contains("master key"))
      #expect(missing.errors.split(separator: "\n").count == 1, "\(missing)")
      #expect(FileManager.default.fileExists(atPath: path) == false)

      for bad in [base64URL(Array(repeating: 7, count: 32)), "short", ""] {
        try write(bad, path)
        let wrong = try await serve(server)
        #expect(wrong.status == 1, "\(wrong)")
        #expect(wrong.errors.split(separator: "\n").count == 1, "\(wrong)")
        #expect(bad.isEmpty || wrong.errors.contains(bad) == false)
      }
      try write(right, path)
      try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
      let exposed = try await serve(server)
      #expect(exposed.status == 1)
      #expect(exposed.errors.contains("chmod 600"))

      try write(right, path)
      #expect(try await server.done(["key", "list", "--json"]) == keys)
      let again = try await server.restart()
      _ = try await again.refresh(tokens.refresh)
      await again.child.destroy()
      // The same key by the environment.
      try FileManager.default.removeItem(atPath: path)
      let key = right.trimmingCharacters(in: .whitespacesAndNewlines)
      let byEnvironment = try await LiveServer.start(environment: ["SIGNET_MASTER_KEY": key], folder: server.folder)
      _ = try await byEnvironment.login()
      await byEnvironment.child.destroy()
      #expect(FileManager.default.fileExists(atPath: path) == false)
    }
  }

  @Test func aNewerOrForeignDatabaseIsRefused() async throws {
    try await withServer { server in
      await server.child.destroy()
      let tables = try await server.sql("SELECT name FROM sqlite_schema WHERE name LIKE '%migration%'")
      let table = try #require(tables.split(separator: "\n").first)
      let columns = try await server.sql("SELECT group_concat(name) FROM pragma_table_info('\(table)')")
      let row = columns.split(separator: ",").map { column in
        let name = column.trimmingCharacters(in: .whitespacesAndNewlines)
        return name == "version" || name == "number" ? "999" : name
      }
      try await server.sql("INSERT INTO \(table) SELECT \(row.joined(separator: ",")) FROM \(table) LIMIT 1")
      let newer = try await serve(server)
      #expect(newer.status == 1)
      #expect(newer.errors.split(separator: "\n").count == 1, "\(newer)")
      #expect(newer.errors.contains("newer"), "\(newer)")
      try write(
        "this is not a database, however long it is" + String(repeating: "x", count: 5000), server.data + "/signet.db")
      let foreign = try await serve(server)
      #expect(foreign.status == 1)
      #expect(foreign.errors.split(separator: "\n").count == 1, "\(foreign)")
    }
  }

  private func serve(_ server: LiveServer) async throws -> Finished {
    try await server.command(["serve"] + LiveServer.anyPort.flatMap { ["--set", $0] })
  }

  private func write(_ text: String, _ path: String) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
  }
}
