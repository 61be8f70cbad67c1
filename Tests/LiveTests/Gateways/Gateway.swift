// A gateway of config/examples between clients and a backend, with the very files that operators copy.
//
// None of them takes port 0, so a free one is looked for, and another when somebody else was faster. Each runs in the
// foreground as one process, so that ending it ends everything.

import Foundation

/// A running gateway, the Signet whose tokens it takes, and the service behind it.
struct Gateway: Sendable {
  enum Kind: String, CaseIterable, Sendable {
    case nginx, caddy, traefik, haproxy, envoy, apache

    /// Whether it asks /v1/verify about each request; the others verify by the JWK Set.
    var asks: Bool { [.nginx, .caddy, .traefik].contains(self) }
  }

  let kind: Kind
  let server: LiveServer
  let backend: Backend
  let child: Child
  let port: Int
  /// Where its files are.
  let folder: Folder

  static func start(
    _ kind: Kind, _ server: LiveServer, _ backend: Backend, _ changes: [Change]
  ) async throws -> Gateway {
    for _ in 0..<5 {
      let folder = try Folder()
      let port = try Listener().port
      let example = try await GatewayExample(
        kind, port: port, server: server, backend: backend.port, changes, folder: folder)
      let child = try Child(
        example.program, example.arguments, environment: ["HOME": folder.path], folder: folder)
      let gateway = Gateway(
        kind: kind, server: server, backend: backend, child: child, port: port, folder: folder)
      if try await gateway.isReady() { return gateway }
      let words = gateway.words
      guard words.lowercased().contains("bind") else { throw HarnessError("\(kind) ended at its start: \(words)") }
    }
    throw HarnessError("no free port for \(kind)")
  }

  /// False when it ended. It is ready when it refuses, since it listens before it knows what to do.
  private func isReady() async throws -> Bool {
    do {
      return try await eventually("\(kind) listens") {
        if await child.exitStatus() != nil { return false }
        return try? await ask(nil).status == 401 ? true : nil
      }
    } catch {
      await child.destroy()
      throw HarnessError("\(error): \(words)")
    }
  }

  /// What it said.
  var words: String { (child.standardOutput + child.standardError).suffix(3000) + "" }

  /// Asks for something behind it.
  /// - Parameter fields: what the client sends besides the token.
  func ask(_ token: String?, _ fields: [(name: String, value: String)] = []) async throws -> Answer {
    var request = Request("GET", "/orders?page=2", fields)
    if let token { request.fields.append(("Authorization", "Bearer \(token)")) }
    return try await server.send(request, port: port)
  }

  /// Whether it lets this token through.
  func takes(_ token: String) async throws -> Bool { try await ask(token).status == 200 }

  /// Renews what this gateway doesn't fetch by itself: HAProxy's keys, as the script beside its example does, with a reload.
  func renewKeys() async throws {
    guard kind == .haproxy else { return }
    try await GatewayExample.renewKeys(server, folder, ["sh", "-c", "kill -USR2 \(child.pid)"])
  }
}

/// Runs `body` with a gateway before a backend, all of which end afterwards.
/// - Parameter changes: what else to replace in the example.
func withGateway(
  _ kind: Gateway.Kind, _ changes: [Change] = [], _ body: (Gateway) async throws -> Void
) async throws {
  try await withServer { server in
    try await server.addUser("ada", ["--role", "editor"])
    let backend = try Backend()
    defer { backend.end() }
    let gateway = try await Gateway.start(kind, server, backend, changes)
    do {
      try await body(gateway)
      await gateway.child.destroy()
    } catch {
      await gateway.child.destroy()
      throw HarnessError("\(error)\n\(kind) says:\n\(gateway.words)")
    }
  }
}
