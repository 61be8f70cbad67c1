// Whose address Signet takes for the client's behind a proxy: in the access log, in the list of sessions, in the audit
// trail.

import Foundation
import Testing

@Suite(.needsProxies) struct ClientAddressTests {
  /// The client's address, which isn't the proxy's.
  private static let client = "127.0.0.7"

  @Test(arguments: Proxy.Kind.allCases) func saidByATrustedProxy(_ kind: Proxy.Kind) async throws {
    try await withServer(["log.access=all", "proxy.trusted=127.0.0.1"]) { server in
      try await withProxy(kind, server) { proxy in try await expectAddress(Self.client, server, proxy) }
    }
  }

  /// What the client itself says counts nowhere: the proxy replaces it.
  @Test(arguments: Proxy.Kind.allCases) func notSaidByTheClient(_ kind: Proxy.Kind) async throws {
    let lies = [
      ("Forwarded", "for=203.0.113.9;proto=https"), ("X-Forwarded-For", "203.0.113.9"),
      ("x-forwarded-for", "127.0.0.1"),
      ("X-Real-IP", "203.0.113.9"), ("X_Forwarded_For", "203.0.113.9"), ("X-Forwarded-Host", "evil.example"),
      ("Connection", "X-Forwarded-For, X-Forwarded-Proto, close"),
    ]
    try await withServer(["log.access=all", "proxy.trusted=127.0.0.1"]) { server in
      try await withProxy(kind, server) { proxy in try await expectAddress(Self.client, server, proxy, lies) }
    }
  }

  /// Nobody is trusted unless the configuration names him.
  @Test(arguments: Proxy.Kind.allCases) func notSaidByAStranger(_ kind: Proxy.Kind) async throws {
    for settings in [[], ["proxy.trusted=192.0.2.0/24"]] {
      try await withServer(["log.access=all"] + settings) { server in
        try await withProxy(kind, server) { proxy in try await expectAddress("127.0.0.1", server, proxy) }
      }
    }
  }

  /// The sample's line with `send-proxy-v2`, and no field that says the same.
  @Test func saidByThePROXYProtocol() async throws {
    let changes = [
      Change("    server signet 127.0.0.1:8080\n", ""), Change("#server signet", "server signet"),
      Change("    http-request set-header X-Forwarded-For %[src]\n", ""),
    ]
    let settings = ["log.access=all", "proxy.trusted=127.0.0.1", "listen=127.0.0.1:0?proxy=v2"]
    try await withServer(settings) { server in
      try await withProxy(.haproxy, server, changes) { proxy in
        try await expectAddress(Self.client, server, proxy)
        // Whoever comes without the header is no client of that listener.
        let answered = try await blocking {
          let connection = try Connection(port: server.port)
          try connection.send(Request("GET", "/healthz").bytes)
          return try Answer.all(connection.rest(silence: 20).bytes).contains { $0.status < 400 }
        }
        #expect(!answered)
      }
    }
  }

  /// Logs in from the client's address through the proxy and looks where Signet says whence.
  private func expectAddress(
    _ address: String, _ server: LiveServer, _ proxy: Proxy, _ fields: [(String, String)] = []
  ) async throws {
    try await server.addUser()
    var login = Request.json("/v1/login", ["username": "ada", "password": .string(goodPassword)])
    login.fields += fields.map { (name: $0.0, value: $0.1) }
    let answer = try await send(login, proxy)
    let tokens = try Tokens(answer)
    let list = try await send(.bearer("GET", "/v1/sessions", tokens.access), proxy)
    #expect(try list.json["sessions"]?.array?.compactMap { $0["ip"]?.string } == [address])
    let id = try #require(answer.field("x-request-id"))
    let line = try await eventually("the access log has the login") {
      try server.log.split(separator: "\n").first { $0.contains(id) && $0.contains(#""msg":"request""#) }
        .map { try JSON(String($0)) }
    }
    #expect(line["ip"]?.string == address)
    let audited = try await server.audit().filter { $0["session_id"]?.string == tokens.session }
    #expect(audited.compactMap { $0["ip"]?.string } == [address])
    #expect(proxy.lines.first { $0.id == id }?.client == Self.client)
  }

  private func send(_ request: Request, _ proxy: Proxy) async throws -> Answer {
    try await blocking {
      let connection = try Connection(port: proxy.port, source: 7)
      try connection.send(request.bytes)
      return try connection.answer()
    }
  }
}
