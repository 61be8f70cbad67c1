// Several listeners at once, Unix sockets, and what the server tells its supervisor.

import Foundation
import Testing

@Suite struct ListenerTests {
  @Test func severalAtOnce() async throws {
    let folder = try Folder()
    let path = folder.path + "/signet.sock"
    let listen = "listen=unix:\(path)?mode=0666,127.0.0.1:0,[::1]:0"
    try await withServer([listen], folder: folder) { server in
      try await server.addUser()
      let lines = server.child.standardOutput.split(separator: "\n").map(String.init)
      #expect(lines[0] == "listening on unix:\(path)")
      #expect(lines[1] == "listening on http://127.0.0.1:\(server.port)")
      #expect(lines[2].hasPrefix("listening on http://[::1]:"))
      #expect(mode(of: path) == 0o666)
      let other = lines[2].replacingOccurrences(of: "listening on ", with: "")
      for arguments in [["--unix-socket", path, "http://localhost/readyz"], ["\(other)/readyz"]] {
        #expect(try await curl(arguments, folder) == "200")
      }
      // The issuer is the first that has a URL.
      let tokens = try await server.login()
      #expect(try tokens.claims["iss"]?.string == "http://127.0.0.1:\(server.port)")
      #expect(try await server.command(["health"]).status == 0)
      await server.child.signal(SIGTERM)
      #expect(try await server.child.end() == 0)
      #expect(mode(of: path) == nil)
    }
  }

  @Test func unixSocketsAlone() async throws {
    let folder = try Folder()
    let (clients, operators) = (folder.path + "/clients.sock", folder.path + "/operators.sock")
    let settings = ["listen=unix:\(clients)", "admin.listen=unix:\(operators)", "issuer=https://a.example"]
    let flags = ["--data", folder.path + "/data"] + (LiveServer.fast + settings).flatMap { ["--set", $0] }
    let run = { try Child(Programs.signet, ["serve"] + flags, folder: folder) }
    let first = try run()
    try await eventually("it listens") { first.standardOutput.contains("operators on unix:") }
    #expect(mode(of: clients) == 0o660 && mode(of: operators) == 0o660)
    #expect(try await curl(["--unix-socket", clients, "http://localhost/readyz"], folder) == "200")
    #expect(try await curl(["--unix-socket", operators, "http://localhost/metrics"], folder) == "200")
    #expect(try await Finished.run(Programs.signet, ["health"] + flags, folder: folder).status == 0)
    #expect(try await address(through: clients, folder, flags) == "unix")
    // A server that is killed leaves its files, and the next one takes their places.
    await first.destroy()
    #expect(mode(of: clients) != nil)
    #expect(try await Finished.run(Programs.signet, ["health"] + flags, folder: folder).status == 1)
    let second = try run()
    try await eventually("the second listens") { second.standardOutput.contains("operators on unix:") }
    #expect(try await curl(["--unix-socket", clients, "http://localhost/readyz"], folder) == "200")
    await second.signal(SIGTERM)
    #expect(try await second.end() == 0)
    #expect(mode(of: clients) == nil && mode(of: operators) == nil)
  }

  @Test func whatIsNoSocketIsLeftAlone() async throws {
    let folder = try Folder()
    let file = try folder.write("precious", to: "file")
    let finished = try await Finished.run(
      Programs.signet,
      ["serve", "--data", folder.path + "/data", "--set", "listen=unix:\(file)", "--set", "issuer=https://a.example"],
      folder: folder)
    #expect(finished.status == 1 && finished.errors.contains("no socket"), "\(finished)")
    #expect(try String(contentsOfFile: file, encoding: .utf8) == "precious")
  }

  @Test func healthByTheOperatorsListener() async throws {
    let folder = try Folder()
    let settings = ["listen=127.0.0.1:0?proxy=v2", "proxy.trusted=127.0.0.1"]
    try await withServer(settings, folder: folder) { server in
      // A listener that expects a proxy's header can't be asked.
      let health = try await server.command(["health"])
      #expect(health.status == 0)
    }
  }

  @Test(arguments: ["@", "/"]) func theSupervisorIsTold(kind: String) async throws {
    let folder = try Folder()
    let name = kind == "@" ? "@signet-\(UUID().uuidString)" : folder.path + "/notify.sock"
    let supervisor = try NotifySocket(name)
    try await withServer(environment: ["NOTIFY_SOCKET": name], folder: folder) { server in
      let ready = try await supervisor.next()
      await server.child.signal(SIGHUP)
      let (reloading, again) = (try await supervisor.next(), try await supervisor.next())
      await server.child.signal(SIGTERM)
      let stopping = try await supervisor.next()
      let status = try await server.child.end()
      #expect([ready, again, stopping] == ["READY=1", "READY=1", "STOPPING=1"])
      #expect(reloading.wholeMatch(of: /RELOADING=1\nMONOTONIC_USEC=[0-9]+/) != nil)
      #expect(status == 0)
    }
  }

  @Test func theLimitOfOpenFilesIsRaised() async throws {
    let folder = try Folder()
    let serve = [Programs.signet, "serve", "--data", folder.path + "/data"]
    let settings = LiveServer.anyPort + ["limits.connections=500"]
    let child = try Child(
      "/bin/sh",
      ["-c", "ulimit -Sn 200; ulimit -Hn 400; exec \"$0\" \"$@\""] + serve + settings.flatMap { ["--set", $0] },
      folder: folder)
    try await eventually("it warns") { child.standardError.contains("limit of open files is 400") }
    let limits = try String(contentsOfFile: "/proc/\(child.pid)/limits", encoding: .utf8)
    #expect(limits.contains(#/Max open files +400 +400 /#))
    await child.destroy()
  }

  /// The status of a GET by curl.
  private func curl(_ arguments: [String], _ folder: Folder) async throws -> String {
    try await Finished.run("curl", ["-sS", "-o", "/dev/null", "-w", "%{http_code}"] + arguments, folder: folder).output
  }

  /// The address which a login through a Unix socket leaves in its session.
  private func address(through path: String, _ folder: Folder, _ flags: [String]) async throws -> String? {
    let added = try await Finished.run(
      Programs.signet, ["user", "add", "ada", "--password-stdin"] + flags, input: goodPassword + "\n", folder: folder)
    #expect(added.status == 0, "\(added)")
    let body = JSON.object(["username": "ada", "password": .string(goodPassword)]).text
    let options = ["-sS", "--unix-socket", path]
    let login = try await Finished.run(
      "curl", options + ["-H", "Content-Type: application/json", "-d", body, "http://localhost/v1/login"],
      folder: folder)
    let access = try login.json["access_token"]?.string ?? ""
    let sessions = try await Finished.run(
      "curl", options + ["-H", "Authorization: Bearer \(access)", "http://localhost/v1/sessions"], folder: folder)
    return try sessions.json["sessions"]?.array?.first?["ip"]?.string
  }

  /// The permission bits of a file; nil when there is none.
  private func mode(of path: String) -> UInt32? {
    var status = stat()
    return lstat(path, &status) == 0 ? status.st_mode & 0o7777 : nil
  }
}
