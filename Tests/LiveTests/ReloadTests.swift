// SIGHUP reads the configuration again: what can change does, what can't is named, and a bad file changes nothing.

import Foundation
import Testing

@Suite struct ReloadTests {
  @Test func theConfigurationIsReadAgain() async throws {
    let folder = try Folder()
    let file = try folder.write("session:\n  retry_window: 60s\nlog:\n  level: info\n", to: "signet.yaml")
    try await withServer(arguments: ["--config", file]) { server in
      try await server.addUser()
      try await reload("session:\n  retry_window: 0s\nlog:\n  level: debug\nstore:\n  migrate: false\n", folder, server)
      try await eventually("the log tells") { server.log.contains("read again; changed") }
      #expect(server.log.contains("need a restart: store.migrate"))
      let first = try await server.login()
      let second = try await server.refresh(first.refresh)
      #expect(try await server.tryRefresh(first.refresh).status == 401)
      #expect(try await server.tryRefresh(second.refresh).status == 401)

      try await reload("session:\n  retry_window: never\n", folder, server)
      try await eventually("the log tells") { server.log.contains("the old one stays in force") }
      let third = try await server.login()
      _ = try await server.refresh(third.refresh)
      #expect(try await server.tryRefresh(third.refresh).status == 401)

      try await reload("session:\n  retry_window: 60s\n", folder, server)
      let fourth = try await server.login()
      try await eventually("retries are answered again") {
        let next = try await server.login()
        _ = try await server.refresh(next.refresh)
        return try await server.tryRefresh(next.refresh).status == 200
      }
      #expect(try await server.isGood(fourth.access))
    }
  }

  @Test func keysFollowTheirSettings() async throws {
    let folder = try Folder()
    let file = try folder.write("key:\n  publish_before: 24h\n", to: "signet.yaml")
    try await withServer(arguments: ["--config", file]) { server in
      func cached() async throws -> String? { try await server.get("/.well-known/jwks.json").field("cache-control") }
      #expect(try await cached() == "public, max-age=300")
      try await reload("key:\n  publish_before: 2m\n  rotate_every: 1h\n", folder, server)
      try await eventually("the set is kept for half of that") { try await cached() == "public, max-age=60" }
      try await eventually("the log tells") { server.log.contains("key.publish_before") }
      #expect(!server.log.contains("need a restart"))
      try await eventually("the next rotation is nearer") {
        let next = try await server.metric(#"signet_key_next_rotation_seconds{algorithm="ES256"}"#)
        return (next ?? 0) > 3000 && (next ?? 0) <= 3600
      }
    }
  }

  /// The metadata says what the server does, which goes on believing what it believed at its start.
  @Test func whatIsSaidOfCertificatesStaysTrue() async throws {
    let folder = try Folder()
    let proxies = "proxy:\n  trusted: [127.0.0.1]\n  client_certificate: "
    let file = try folder.write(proxies + "true\n", to: "signet.yaml")
    try await withServer(arguments: ["--config", file]) { server in
      try await reload(proxies + "false\nsession:\n  retry_window: 0s\n", folder, server)
      try await eventually("the log tells") { server.log.contains("need a restart: proxy.client_certificate") }
      let metadata = try await server.get("/.well-known/oauth-authorization-server").json
      #expect(metadata["tls_client_certificate_bound_access_tokens"] == true)
    }
  }

  @Test func whatNeedsARestartStaysAsItWas() async throws {
    let folder = try Folder()
    let file = try folder.write("log:\n  level: info\n", to: "signet.yaml")
    let key = base64URL((0..<32).map { _ in UInt8.random(in: 0...255) })
    // The master key leaves the environment with the start; a reload must not look for another one.
    try await withServer(environment: ["SIGNET_MASTER_KEY": key], arguments: ["--config", file]) { server in
      let environment = try Data(contentsOf: URL(fileURLWithPath: "/proc/\(server.child.pid)/environ"))
      #expect(environment.range(of: Data(key.utf8)) == nil)
      try await server.addUser()
      let text = """
        token:
          algorithm: EdDSA
          access_ttl: 5m
        master_key_file: /nowhere/master.key
        limits:
          body_bytes: 2048
        password:
          min_length: 20

        """
      try await reload(text, folder, server)
      try await eventually("the log tells") { server.log.contains("read again; changed") }
      let warning = server.log.split(separator: "\n").first { $0.contains("need a restart") } ?? ""
      for name in ["token.algorithm", "master_key_file", "limits.body_bytes"] { #expect(warning.contains(name)) }
      #expect(!warning.contains("access_ttl") && !warning.contains("min_length"))
      #expect(server.log.contains("can't be read") == false)

      let tokens = try await server.login()
      #expect(try tokens.header["alg"] == "ES256")
      #expect((290...300).contains(tokens.json["expires_in"]?.integer ?? 0))
      let short: JSON = ["current_password": .string(goodPassword), "new_password": "sixteen letters!"]
      #expect(try await server.post("/v1/password", short, bearer: tokens.access).status == 400)
      let long = String(repeating: "x", count: 3000)
      #expect(try await server.tryLogin("ada", password: long).error == "invalid_request")
      try await server.done(["client", "add", "later", "--id", "later"])
      try await eventually("a client added later is usable") {
        try await server.post(
          "/v1/login", ["username": "ada", "password": .string(goodPassword), "client_id": "later"]
        ).status == 200
      }
    }
  }

  private func reload(_ text: String, _ folder: Folder, _ server: LiveServer) async throws {
    try folder.write(text, to: "signet.yaml")
    await server.child.signal(SIGHUP)
  }
}
