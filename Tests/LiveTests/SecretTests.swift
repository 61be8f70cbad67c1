// Every endpoint and command is driven with marked secrets; then all that the server wrote is searched for them.

import Foundation
import Testing

@Suite struct SecretTests {
  @Test func nothingWrittenHoldsASecret() async throws {
    try await withServer(["log.level=debug", "log.access=all"]) { server in
      var secrets = Secrets()
      let outputs = try await drive(server, &secrets)
      let masterKey = try String(contentsOfFile: server.data + "/master.key", encoding: .utf8)
      secrets.add(masterKey.trimmingCharacters(in: .whitespacesAndNewlines))
      let audit = try await server.done(["audit", "list", "--json"])
      let metrics = try await server.metrics()
      await server.child.signal(SIGTERM)
      #expect(try await server.child.end() == 0)
      // The drive did leave its marks.
      #expect(server.log.contains(#""route":"login""#))
      #expect(audit.contains("login"))
      let places = [
        "standard error": server.log, "standard output": server.child.standardOutput, "audit": audit,
        "metrics": metrics,
        "commands": outputs,
      ]
      for (place, text) in places {
        for secret in secrets.all where text.contains(secret) {
          Issue.record("\(place) holds a secret: \(text.split(separator: "\n").first { $0.contains(secret) } ?? "")")
        }
      }
    }
  }

  /// What commands printed.
  private func drive(_ server: LiveServer, _ secrets: inout Secrets) async throws -> String {
    let (old, new, wrong) = (secrets.mark("old"), secrets.mark("new"), secrets.mark("wrong"))
    try await server.addUser("ada", password: old)
    var tokens = secrets.add(try await server.login(password: old))
    for body: JSON in [
      ["username": "ada", "password": .string(wrong)], ["username": "nobody", "password": .string(wrong)],
      ["username": 1, "password": .string(wrong)], ["username": "ada", "password": [.string(wrong)]],
      // A password typed where the name belongs.
      ["username": .string(wrong), "password": "x"], ["username": .string(wrong + "\u{7}"), "password": "x"],
      ["username": "ada", "password": .string(wrong), "client_id": .string(wrong)],
      ["username": "ada", "password": .string(wrong), "scope": .string(wrong)],
      ["username": "ada", "password": .string(old), "device_token": .string(secrets.mark("device"))],
    ] {
      if let tokens = try? Tokens(try await server.post("/v1/login", body)) { secrets.add(tokens) }
    }
    for text in [#"{"username":"ada","password":"\#(wrong)"#, #"{"\#(wrong)":1,"\#(wrong)":2}"#, wrong] {
      _ = try await server.send(.json("/v1/login", text: text))
    }
    for path in ["/v1/sessions/\(tokens.refresh)", "/v1/\(tokens.refresh)", "/v1/me?access_token=\(tokens.access)"] {
      _ = try await server.send(.bearer("DELETE", path, tokens.access))
      _ = try await server.get(path)
    }
    for value in ["Bearer \(wrong)", "Basic \(wrong)", wrong] {
      _ = try await server.send(Request("GET", "/v1/me", [("Authorization", value)]))
      _ = try await server.send(Request("GET", "/v1/me", [("Cookie", "a=\(wrong)"), ("X-\(wrong)", wrong)]))
    }
    tokens = secrets.add(try await server.refresh(tokens.refresh))
    _ = try await server.send(.form("/oauth2/token", "grant_type=\(wrong)&refresh_token=\(tokens.refresh)"))
    _ = try await server.send(.form("/oauth2/token", "grant_type=refresh_token&refresh_token=\(wrong)&\(wrong)=%zz"))
    _ = try await server.get("/v1/sessions", bearer: tokens.access)
    let change: JSON = ["current_password": .string(wrong), "new_password": .string(new)]
    _ = try await server.post("/v1/password", change, bearer: tokens.access)
    let right: JSON = ["current_password": .string(old), "new_password": .string(new)]
    tokens = secrets.add(try Tokens(try await server.post("/v1/password", right, bearer: tokens.access)))
    let first = tokens
    for _ in 0..<2 { tokens = secrets.add(try await server.refresh(tokens.refresh)) }
    _ = try await server.tryRefresh(first.refresh)
    tokens = secrets.add(try await server.login(password: new))
    _ = try await server.post("/v1/logout", ["refresh_token": .string(tokens.refresh), "all": true])
    return try await commands(server, tokens, &secrets)
  }

  private func commands(_ server: LiveServer, _ tokens: Tokens, _ secrets: inout Secrets) async throws -> String {
    let short = secrets.mark("k").suffix(6)
    var printed = ""
    for (arguments, input) in [
      (["user", "set-password", "ada", "--password-stdin"], secrets.mark("set")),
      (["user", "add", "bob", "--password-stdin", "--set", "password.min_length=100"], secrets.mark("short")),
      (["user", "list"], ""), (["user", "show", "ada", "--json"], ""), (["session", "list", "ada"], ""),
      (["key", "list", "--json"], ""), (["config", "show"], ""), (["config", "show", "--json"], ""),
      (["token", "verify", "-"], String(tokens.access.dropLast(6) + short)),
      (["token", "verify", "-"], secrets.mark("token")),
      (["token", "inspect", "-"], tokens.refresh), (["audit", "verify"], ""), (["migrate", "--dry-run"], ""),
    ] as [([String], String)] {
      let finished = try await server.command(arguments, input: input)
      printed += finished.output + finished.errors
    }
    return printed
  }
}

/// What must not be found.
private struct Secrets {
  /// A PHC string and a private JWK betray themselves.
  var all: Set<String> = ["$argon2id$", #""d":""#]

  /// A new secret.
  mutating func mark(_ name: String) -> String {
    let text = "marked-\(name)-\(UUID().uuidString)"
    all.insert(text)
    return text
  }

  mutating func add(_ text: String) { all.insert(text) }

  /// The secret parts of tokens: of an access token the signature, since `token inspect` shows the rest.
  @discardableResult
  mutating func add(_ tokens: Tokens) -> Tokens {
    add(String(tokens.refresh.dropFirst(4)))
    add(String(tokens.access.split(separator: ".")[2]))
    if let device = tokens.json["device_token"]?.string { add(String(device.dropFirst(4))) }
    return tokens
  }
}
