// Signet behind HAProxy and nginx, as config/ has them: everything works as it does without them.

import Foundation
import Testing

@Suite(.needsProxies) struct ProxyTests {
  @Test(arguments: Proxy.Kind.allCases) func connectionsAreKept(_ kind: Proxy.Kind) async throws {
    try await withServer { server in
      try await withProxy(kind, server) { proxy in
        let before = try await accepted(server)
        for _ in 0..<60 { #expect(try await server.send(Request("GET", "/healthz"), port: proxy.port).status == 200) }
        let pair = try await blocking {
          let connection = try Connection(port: proxy.port)
          return try (0..<60).map { _ in
            try connection.send(Request("GET", "/healthz").kept.bytes)
            return try connection.answer().status
          }
        }
        #expect(pair == Array(repeating: 200, count: 60))
        // HAProxy's checks and our own metrics come on connections of their own.
        #expect(try await accepted(server) - before < 20)
      }
    }
  }

  private func accepted(_ server: LiveServer) async throws -> Int {
    let name = "signet_http_connections_accepted_total "
    let line = try await server.metrics().split(separator: "\n").first { $0.hasPrefix(name) }
    return try #require(line.flatMap { Int($0.dropFirst(name.count)) })
  }

  @Test(arguments: Proxy.Kind.allCases) func aWalk(_ kind: Proxy.Kind) async throws {
    try await withServer { server in
      try await server.addUser()
      try await withProxy(kind, server) { proxy in
        func post(_ path: String, _ body: JSON) async throws -> Answer {
          try await server.send(.json(path, body), port: proxy.port)
        }
        let login = try await post("/v1/login", ["username": "ada", "password": .string(goodPassword)])
        let first = try Tokens(login)
        let second = try Tokens(try await post("/v1/refresh", ["refresh_token": .string(first.refresh)]))
        let me = Request.bearer("GET", "/v1/me", second.access)
        #expect(try await server.send(me, port: proxy.port).status == 200)
        #expect(try await post("/v1/logout", ["refresh_token": .string(second.refresh)]).status == 204)
        #expect(try await server.send(me, port: proxy.port).status == 401)
        #expect(try await post("/v1/refresh", ["refresh_token": .string(second.refresh)]).status == 401)
      }
    }
  }

  @Test(arguments: Proxy.Kind.allCases) func chunkedBodies(_ kind: Proxy.Kind) async throws {
    try await withServer { server in
      try await server.addUser()
      try await withProxy(kind, server) { proxy in
        let body = Array(JSON.object(["username": "ada", "password": .string(goodPassword)]).text.utf8)
        for size in [1, 7, body.count] {
          let answers = try await blocking {
            let connection = try Connection(port: proxy.port)
            return try (0..<2).map { _ in
              try connection.send(chunked("/v1/login", body, by: size))
              return try connection.answer()
            }
          }
          for answer in answers { #expect(answer.status == 200, "chunks of \(size): \(answer)") }
        }
      }
    }
  }

  /// The largest answer there is, one without a body, one to HEAD, one after another on a connection.
  @Test(arguments: Proxy.Kind.allCases) func answers(_ kind: Proxy.Kind) async throws {
    try await withServer { server in
      try await withProxy(kind, server) { proxy in
        let direct = try await server.get("/openapi.json")
        let keys = try await server.get("/.well-known/jwks.json")
        let tag = try #require(keys.field("etag"))
        let (whole, head, unchanged, last) = try await blocking {
          let connection = try Connection(port: proxy.port)
          try connection.send(Request("GET", "/openapi.json").kept.bytes)
          let whole = try connection.answer()
          try connection.send(Request("HEAD", "/openapi.json").kept.bytes)
          let head = try connection.answer(bodiless: true)
          try connection.send(Request("GET", "/.well-known/jwks.json", [("If-None-Match", tag)]).kept.bytes)
          let unchanged = try connection.answer()
          try connection.send(Request("GET", "/.well-known/jwks.json").bytes)
          return (whole, head, unchanged, try connection.answer())
        }
        #expect(whole.status == 200 && whole.body == direct.body)
        #expect(head.status == 200 && head.field("content-length") == "\(direct.body.count)")
        #expect(unchanged.status == 304 && unchanged.field("etag") == tag)
        #expect(last.status == 200 && last.body == keys.body)
      }
    }
  }

  @Test(arguments: Proxy.Kind.allCases) func expectations(_ kind: Proxy.Kind) async throws {
    try await withServer { server in
      try await server.addUser()
      try await withProxy(kind, server) { proxy in
        let body = JSON.object(["username": "ada", "password": .string(goodPassword)]).text
        for framing in [[], ["-H", "Transfer-Encoding: chunked"]] {
          let finished = try await Finished.run(
            "curl",
            [
              "-sS", "--noproxy", "*", "--max-time", "30", "-o", "/dev/null", "-w", "%{http_code}", "-d", body,
              "-H", "Content-Type: application/json", "-H", "Expect: 100-continue", "--expect100-timeout", "20",
              "http://127.0.0.1:\(proxy.port)/v1/login",
            ] + framing, folder: server.folder)
          #expect(finished.status == 0 && finished.output == "200", "\(finished)")
        }
      }
    }
  }

  @Test(arguments: Proxy.Kind.allCases) func pipelining(_ kind: Proxy.Kind) async throws {
    try await withServer { server in
      try await withProxy(kind, server) { proxy in
        let bad = Request.json("/v1/refresh", ["refresh_token": "sgr_x"]).kept
        let three = [Request("GET", "/healthz").kept, bad, Request("GET", "/nowhere").kept]
        let all = (0..<30).map { three[$0 % 3] }
        let statuses = try await blocking {
          let connection = try Connection(port: proxy.port)
          try connection.send(all.flatMap(\.bytes))
          return try all.map { _ in try connection.answer().status }
        }
        #expect(statuses == all.indices.map { [200, 401, 404][$0 % 3] })
      }
    }
  }
}

/// A POST of JSON in chunks of so many bytes, with an extension and a trailer.
private func chunked(_ path: String, _ body: [UInt8], by size: Int) -> [UInt8] {
  var bytes = Array(
    """
    POST \(path) HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n
    """.utf8)
  for start in stride(from: 0, to: body.count, by: size) {
    let chunk = body[start..<min(start + size, body.count)]
    bytes += Array("\(String(chunk.count, radix: 16));note=x\r\n".utf8) + chunk + Array("\r\n".utf8)
  }
  return bytes + Array("0\r\nX-Trailer: x\r\n\r\n".utf8)
}
