// What goes wrong around a proxy: clients that leave, a back end that closes, many at once, and TLS in front.

import Foundation
import Synchronization
import Testing

@Suite(.needsProxies) struct ProxyFaultTests {
  /// What the proxy still owes of a body when its client leaves must not become the head of another client's request.
  @Test(arguments: Proxy.Kind.allCases) func clientsThatLeave(_ kind: Proxy.Kind) async throws {
    try await withServer { server in
      try await withProxy(kind, server) { proxy in
        let head = "POST /v1/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        let left = [
          "Content-Length: 200\r\n\r\n{\"username\":", "Content-Length: 200\r\n\r\n",
          "Transfer-Encoding: chunked\r\n\r\n50\r\n{\"user", "Transfer-Encoding: chunked\r\n\r\n5\r\n{\"use\r\n",
          "Transfer-Encoding: chunked\r\n\r\n", "Content-Length: 2\r\n\r\n{}", "Content-Le",
        ]
        for round in 0..<4 {
          for rest in left {
            try await blocking { try Connection(port: proxy.port).send(Array((head + rest).utf8)) }
            let path = round % 2 == 0 ? "/healthz" : "/nowhere"
            let answer = try await server.send(Request("GET", path), port: proxy.port)
            #expect(answer.status == (round % 2 == 0 ? 200 : 404), "after \(rest): \(answer)")
          }
        }
      }
    }
  }

  /// Each client gets the answer to its own request.
  @Test(arguments: Proxy.Kind.allCases) func manyAtOnce(_ kind: Proxy.Kind) async throws {
    try await withServer { server in
      try await withProxy(kind, server) { proxy in
        let seen = try await withThrowingTaskGroup(of: [String: String].self) { group in
          for client in 0..<32 {
            group.addTask { try await blocking { try ask(client, proxy.port) } }
          }
          return try await group.reduce(into: [:]) { $0.merge($1) { first, _ in first + " twice" } }
        }
        #expect(seen.count == 32 * 20)
        let logged = try await eventually("the proxy has logged them") {
          let logged = Dictionary(grouping: proxy.lines, by: \.id).mapValues { $0.map(\.request) }
          return seen.keys.allSatisfy { logged[$0] != nil } ? logged : nil
        }
        for (id, path) in seen { #expect(logged[id] == ["GET \(path) HTTP/1.1"], "\(id)") }
      }
    }
  }

  /// A POST may have been carried out when the connection breaks; only a GET is asked again.
  @Test(arguments: Proxy.Kind.allCases) func aPostIsNeverRepeated(_ kind: Proxy.Kind) async throws {
    let folder = try Folder()
    let listener = try Listener()
    let backend = BreakingServer(listener)
    let served = Task { try await blocking { backend.serve() } }
    let proxy = try await Proxy.start(kind, before: listener.port, folder: folder)
    // The first health check may have come before anybody served.
    try await eventually("the proxy holds the back end for good") {
      try await blocking { [port = proxy.port] in
        let connection = try Connection(port: port)
        try connection.send(Request("GET", "/fine").bytes)
        return try connection.answer().status == 404
      }
    }
    let statuses = try await blocking {
      try [Request("GET", "/break"), .json("/break", [:]), Request("GET", "/break")].map { request in
        // A kept connection to the back end, so that the proxy can't know whether it was still alive.
        for _ in 0..<3 {
          let connection = try Connection(port: proxy.port)
          try connection.send(Request("GET", "/fine").bytes)
          _ = try connection.answer()
        }
        let connection = try Connection(port: proxy.port)
        try connection.send(request.bytes)
        return try connection.answer().status
      }
    }
    await proxy.child.destroy()
    listener.end()
    _ = try await served.value
    #expect(statuses[1] == 502)
    #expect(backend.broken.count { $0.hasPrefix("POST ") } == 1, "\(backend.broken)")
    #expect(backend.broken.count { $0.hasPrefix("GET ") } > 2, "\(backend.broken)")
  }

  /// The samples' lines for TLS, with a certificate; on another address, so that both may have the same port.
  @Test(.needsOpenSSL, arguments: [Proxy.Kind.haproxy, .nginx]) func endingTLS(_ kind: Proxy.Kind) async throws {
    try await withServer(["proxy.trusted=127.0.0.0/8"]) { server in
      let path = server.folder.path
      try await makeCertificate(server.folder)
      try await withProxy(kind, server, kind == .haproxy ? haproxyTLS(path) : nginxTLS(path)) { proxy in
        for version in ["--http1.1", "--http2"] {
          let finished = try await Finished.run(
            "curl",
            [
              "-sS", "--noproxy", "*", "--max-time", "30", version, "--cacert", path + "/tls.crt", "--resolve",
              "localhost:\(proxy.port):127.0.0.2", "-D", "-", "https://localhost:\(proxy.port)/healthz",
            ], folder: server.folder)
          let output = finished.output.lowercased()
          #expect(finished.status == 0, "\(finished)")
          #expect(output.hasPrefix(version == "--http2" ? "http/2 200" : "http/1.1 200"), "\(finished)")
          // Signet's own, since the proxy says that the client used TLS.
          #expect(
            output.components(separatedBy: "strict-transport-security: max-age=31536000").count == 2, "\(finished)")
        }
        guard kind == .haproxy else { return }
        let plain = try await server.send(Request("POST", "/v1/login"), port: proxy.port)
        #expect(plain.status == 308 && plain.field("location") == "https://localhost/v1/login", "\(plain)")
      }
    }
  }

  private func makeCertificate(_ folder: Folder) async throws {
    let path = folder.path
    let made = try await Finished.run(
      Programs.openssl ?? "openssl",
      [
        "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
        "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", path + "/tls.key", "-out",
        path + "/tls.crt",
      ], folder: folder)
    guard made.status == 0 else { throw HarnessError("no certificate: \(made)") }
    let parts = try ["tls.crt", "tls.key"].map { try String(contentsOfFile: path + "/" + $0, encoding: .utf8) }
    try folder.write(parts.joined(), to: "tls.pem")
  }

  private func haproxyTLS(_ path: String) -> [Change] {
    [
      Change("#bind :443 ssl crt /etc/haproxy/login.example.com.pem", "bind 127.0.0.2:{port} ssl crt \(path)/tls.pem"),
      Change("#http-request redirect", "http-request redirect"),
    ]
  }

  private func nginxTLS(_ path: String) -> [Change] {
    [
      Change("#listen 443 ssl", "listen 127.0.0.2:{port} ssl"),
      Change("#ssl_certificate /etc/nginx/login.example.com.crt", "ssl_certificate \(path)/tls.crt"),
      Change("#ssl_certificate_key /etc/nginx/login.example.com.key", "ssl_certificate_key \(path)/tls.key"),
      Change("#ssl_protocols", "ssl_protocols"),
    ]
  }
}

/// One client's requests, each with a path of its own; the paths by the ids of their answers.
private func ask(_ client: Int, _ port: Int) throws -> [String: String] {
  let connection = try Connection(port: port)
  var seen: [String: String] = [:]
  for index in 0..<20 {
    let path = "/client-\(client)/\(index)"
    try connection.send(Request("GET", path).kept.bytes)
    let answer = try connection.answer()
    guard let id = answer.field("x-request-id") else { throw HarnessError("no id: \(answer)") }
    seen[id] = path
  }
  return seen
}

/// A back end that keeps connections, until it is asked for `/break`: then it closes without an answer.
private final class BreakingServer: Sendable {
  private let listener: Listener
  private let requests = Mutex<[String]>([])

  init(_ listener: Listener) { self.listener = listener }

  /// The request lines that it didn't answer.
  var broken: [String] { requests.withLock { $0 } }

  /// Serves each connection on a thread of its own, until the listener ends.
  func serve() {
    while let connection = listener.next() {
      Thread.detachNewThread { while let head = try? connection.head(), self.answers(head, connection) {} }
    }
  }

  private func answers(_ head: String, _ connection: Connection) -> Bool {
    let line = head.prefix { $0 != "\r\n" }
    guard line.contains("/break") else {
      let answer = "HTTP/1.1 \(line.contains("/ready") ? 200 : 404) Fine\r\nContent-Length: 0\r\n\r\n"
      return (try? connection.send(Array(answer.utf8))) != nil
    }
    requests.withLock { $0.append(String(line)) }
    return false
  }
}
