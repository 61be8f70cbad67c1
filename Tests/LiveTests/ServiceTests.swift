// A service that takes Signet's tokens by the library, through everything that happens to its issuer.

import Foundation
import Testing

@Suite struct ServiceTests {
  @Test func aServiceLivesThroughItsIssuersLife() async throws {
    try await withServer(["log.access=all"]) { server in
      let ada = try await server.addUser("ada", ["--role", "editor"])
      try await server.addUser("grace")
      let service = try await Service.start(server.issuer, server.folder)
      let (editor, other) = (try await server.login(), try await server.login("grace"))

      // Login and verify, with one fetch for all.
      try await service.expect(editor.access, 200, "the orders of \(ada)")
      for _ in 0..<20 { try await service.expect(editor.access, 200) }
      try await service.expect(other.access, 403, "insufficient_scope")
      try await service.expect(nil, 401, "Bearer")
      try await service.expect(editor.refresh, 401, "the token is malformed")
      let altered = editor.access.dropLast(4) + (editor.access.hasSuffix("AAAA") ? "BBBB" : "AAAA")
      try await service.expect(String(altered), 401, "invalid_token")
      #expect(service.fetches == ["replaced"])
      #expect(server.log.components(separatedBy: #""route":"jwks""#).count == 2)

      // Rotation: the next key has been published all along, so nothing is fetched.
      try await server.done(["key", "rotate", "--now"])
      let rotated = try await server.login(signedByAnotherKeyThan: editor)
      for tokens in [editor, rotated] { try await service.expect(tokens.access, 200) }
      #expect(service.fetches == ["replaced"])

      // A compromised key: the next one is new to everybody, fetched at once, and the old one gone with that answer.
      let kid = try #require(try rotated.header["kid"]?.string)
      try await server.done(["key", "revoke", kid, "--compromised"])
      let fresh = try await server.login(signedByAnotherKeyThan: rotated)
      try await service.expect(fresh.access, 200)
      try await service.expect(rotated.access, 401, "the token's key is unknown")
      try await eventually("it is reported") { service.fetches == ["replaced", "replaced"] }
      try await outlive(server, service, fresh)
      await service.child.destroy()
    }
  }

  @Test func encryptedTokensAreForTheirServiceAlone() async throws {
    try await withServer { server in
      try await server.addUser("ada", ["--role", "editor"])
      let generated = try await Finished.run(
        Programs.signet, ["jose", "generate", "--alg", "ECDH-ES+A256KW"], folder: server.folder)
      var members = try #require(try generated.json.object)
      let key = try server.folder.write(generated.output, to: "private.jwk")
      members["d"] = nil
      let published = try server.folder.write(JSON.object(members).text, to: "public.jwk")
      try await server.addClient("shop", ["--encryption-key", published])
      let (sealed, plain) = (try await server.login(client: "shop"), try await server.login())

      let service = try await Service.start(server.issuer, server.folder, key: key)
      try await service.expect(sealed.access, 200, "the orders of")
      try await service.expect(plain.access, 401, "the token is not encrypted")
      await service.child.destroy()
      let other = try await Service.start(server.issuer, server.folder)
      try await other.expect(sealed.access, 401, "the token is encrypted")
      try await other.expect(plain.access, 200)
      await other.child.destroy()
      let finished = try await server.command(["token", "verify", sealed.access])
      #expect(finished.status == 1 && finished.errors.contains("signet jose decrypt"), "\(finished)")
    }
  }

  /// The issuer goes down and comes back with other keys.
  private func outlive(_ server: LiveServer, _ service: Service, _ tokens: Tokens) async throws {
    await server.child.destroy()
    try await service.expect(tokens.access, 200)
    // The keys grow older than their answer allowed; the issuer can't be reached.
    try service.age(by: 600_000)
    try await eventually("a fetch fails") { service.fetches.last == "failed" }
    try await service.expect(tokens.access, 200)
    // Another token's key can't be judged meanwhile.
    try service.age(by: 25 * 3_600_000)
    try await service.expect(tokens.access, 503, "the issuer's keys can't be had")

    // An issuer of the same name, with keys of its own.
    try await withServer([server.listen]) { second in
      #expect(second.issuer == server.issuer)
      let id = try await second.addUser("ada", ["--role", "editor"])
      let fresh = try await second.login()
      try await eventually("the new keys are fetched") { try await service.ask(fresh.access).status == 200 }
      try await service.expect(fresh.access, 200, "the orders of \(id)")
      try await service.expect(tokens.access, 401, "the token's key is unknown")

      // A foreign issuer's, and one that has expired.
      try await withServer { foreign in
        try await foreign.addUser("ada", ["--role", "editor"])
        try await service.expect(try await foreign.login().access, 401, "the token's key is unknown")
      }
      try service.age(by: 0, wall: 700)
      try await service.expect(fresh.access, 401, "the token has expired")
    }
  }
}

extension LiveServer {
  /// The setting by which another server listens where this one does.
  fileprivate var listen: String { "listen=127.0.0.1:\(port)" }
}

/// The example of Tests/ExampleService, running.
struct Service {
  let child: Child
  let port: Int
  /// Moves its clocks.
  let clock: String

  /// - Parameter key: a file with the key that opens encrypted tokens.
  static func start(
    _ issuer: String, _ folder: Folder, key: String? = nil, environment: [String: String] = [:]
  ) async throws -> Service {
    let program = URL(fileURLWithPath: Programs.ownFile).deletingLastPathComponent()
      .appendingPathComponent("ExampleService").path
    let clock = folder.path + "/clock"
    let child = try Child(
      program, [issuer, clock] + [key].compactMap { $0 }, environment: environment, folder: folder)
    let port = try await eventually("the service listens") {
      if let status = await child.exitStatus() { throw HarnessError("ended with \(status): \(child.standardError)") }
      return child.standardOutput.split(separator: "\n").last { $0.hasPrefix("listening on ") }?
        .split(separator: ":").last.flatMap { Int($0) }
    }
    return Service(child: child, port: port, clock: clock)
  }

  /// What became of its fetches.
  var fetches: [String] {
    child.standardOutput.split(separator: "\n").compactMap { line in
      line.hasPrefix("keys: ") ? String(line.dropFirst(6).prefix { $0 != "(" }) : nil
    }
  }

  /// Has its clocks go ahead by so much in all.
  func age(by milliseconds: Int, wall seconds: Int = 0) throws {
    try Data("\(milliseconds) \(seconds)".utf8).write(to: URL(fileURLWithPath: clock), options: .atomic)
  }

  func ask(_ token: String?) async throws -> Answer {
    var request = Request("GET", "/orders")
    if let token { request.fields = [("Authorization", "Bearer \(token)")] }
    let bytes = request.bytes
    return try await blocking {
      let connection = try Connection(port: port)
      try connection.send(bytes)
      return try connection.answer()
    }
  }

  /// Asks, and expects a status and words in the answer.
  func expect(_ token: String?, _ status: Int, _ words: String = "") async throws {
    let answer = try await ask(token)
    #expect(answer.status == status, "\(answer)")
    #expect(words.isEmpty || "\(answer)".contains(words), "\(answer), not: \(words)")
    #expect((answer.field("www-authenticate") != nil) == (status == 401 || status == 403))
  }
}
