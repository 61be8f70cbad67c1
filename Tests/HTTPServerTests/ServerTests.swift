// The server over sockets: keeping connections, order, bodies, HEAD, errors.

import HTTPServer
import Reactor
import Testing

private let prepared = PreparedResponse(
  status: 200, contentType: "application/json", fields: [("Cache-Control", "public, max-age=300")],
  entityTag: "\"v1\"", body: Array("{}".utf8))

private func routes(_ elsewhere: Elsewhere) -> [Route] {
  [
    Route(.get, "/", name: "root", .immediate { $0.respond(200, contentType: "text/plain", body: "hello") }),
    Route(.post, "/", name: "echo", .immediate(echo)),
    Route(.get, "/prepared", name: "prepared", .immediate { $0.respond(prepared: prepared) }),
    Route(.get, "/silent", name: "silent", .immediate { _ in }),
    Route(
      .get, "/twice", name: "twice",
      .immediate {
        $0.respond(204); $0.respond(200)
      }),
    Route(
      .get, "/slow/{ms}", name: "slow",
      .deferred { exchange in
        await exchange.loop.sleep(milliseconds: Int(exchange.parameter(0)) ?? 0)
        exchange.respond(200, contentType: "text/plain", body: exchange.parameter(0))
      }),
    Route(
      .get, "/away", name: "away",
      .deferred { exchange in
        await elsewhere.visit()
        exchange.respond(200, contentType: "text/plain", body: exchange.query("n") ?? "none")
      }),
    Route(
      .get, "/a/{x}/b/{y}", name: "two",
      .immediate { exchange in
        exchange.respond(200, contentType: "text/plain", body: "\(exchange.parameter(0))|\(exchange.parameter(1))")
      }),
  ]
}

private func echo(_ exchange: Exchange) {
  exchange.withBody { exchange.respond(200, contentType: "text/plain", body: $0) }
}

private func withServer(_ limits: Limits = Limits(), _ body: (TestServer) throws -> Void) throws {
  let elsewhere = Elsewhere()
  let server = try TestServer(limits: limits) { _ in routes(elsewhere) }
  defer {
    server.stop()
    elsewhere.end()
  }
  try body(server)
}

private func get(_ path: String, _ more: String = "") -> String {
  "GET \(path) HTTP/1.1\r\nHost: a\r\n\(more)\r\n"
}

@Suite(.serialized) struct ServerTests {
  @Test func keepsTheConnection() throws {
    try withServer { server in
      let client = server.client()
      for _ in 0..<3 {
        client.send(get("/", "X-Request-Id: 12345678\r\n"))
        let answer = try #require(client.answer())
        #expect(answer.status == 200 && answer.body == "hello")
        #expect(answer.field("x-request-id") == "12345678")
        #expect(answer.field("x-content-type-options") == "nosniff")
        #expect(answer.field("date")?.hasSuffix(" GMT") == true)
        #expect(answer.field("connection") == nil)
      }
      client.send(get("/", "Connection: close\r\n"))
      #expect(client.answer()?.field("connection") == "close")
      #expect(client.isEnded())
    }
  }

  @Test func speaksHTTP10() throws {
    try withServer { server in
      let client = server.client()
      client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
      #expect(client.answer()?.field("connection") == "keep-alive")
      client.send("GET / HTTP/1.0\r\n\r\n")
      #expect(client.answer()?.field("connection") == "close")
      #expect(client.isEnded())
    }
  }

  @Test func answersPipelinedRequestsInOrder() throws {
    try withServer { server in
      let client = server.client()
      let paths = ["/slow/40", "/", "/away?n=1", "/slow/0", "/away?n=2", "/away?n=3", "/slow/10"]
      client.send(paths.map { get($0) }.joined())
      let bodies = paths.map { _ in client.answer()?.body }
      #expect(bodies == ["40", "hello", "1", "0", "2", "3", "10"])
      client.send(String(repeating: get("/"), count: 5000))
      for _ in 0..<5000 { #expect(client.answer()?.body == "hello") }
    }
  }

  @Test func answersWhatWasAskedBeforeTheClientEndedItsSide() throws {
    try withServer { server in
      let client = server.client()
      client.send(get("/slow/50") + get("/"))
      client.endWriting()
      #expect(client.answer()?.body == "50")
      #expect(client.answer()?.body == "hello")
      #expect(client.isEnded())
    }
  }

  @Test func readsBodies() throws {
    try withServer { server in
      let client = server.client()
      client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello")
      #expect(client.answer()?.body == "hello")
      client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
      let chunk = String(repeating: "x", count: 0x1000)
      for _ in 0..<16 { client.send("1000\r\n\(chunk)\r\n") }
      client.send("0\r\n\r\n")
      #expect(client.answer()?.body.utf8.count == 64 << 10)
      client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 65537\r\n\r\n\(chunk)")
      #expect(client.answer()?.status == 413)
      #expect(client.isEnded())
    }
  }

  @Test func saysContinue() throws {
    try withServer { server in
      let client = server.client()
      client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
      #expect(client.answer()?.status == 100)
      client.send("ok")
      #expect(client.answer()?.body == "ok")
    }
  }

  @Test func answersHeadAsGetWithoutABody() throws {
    try withServer { server in
      let client = server.client()
      for path in ["/", "/prepared"] {
        client.send("HEAD \(path) HTTP/1.1\r\nHost: a\r\n\r\n" + get("/"))
        let answer = try #require(client.answer(isHead: true))
        #expect(answer.field("content-length") == (path == "/" ? "5" : "2"))
        #expect(client.answer()?.body == "hello")
      }
    }
  }

  @Test func answersNotModified() throws {
    try withServer { server in
      let client = server.client()
      client.send(get("/prepared"))
      #expect(client.answer()?.field("etag") == "\"v1\"")
      client.send(get("/prepared", "If-None-Match: W/\"v1\"\r\n"))
      let answer = try #require(client.answer())
      #expect(answer.status == 304 && answer.field("content-length") == nil)
      #expect(answer.field("cache-control") == "public, max-age=300")
    }
  }

  @Test func routes() throws {
    try withServer { server in
      let client = server.client()
      let expected: [(String, Int, String)] = [
        ("/a/1/b/%41%2F", 200, "1|A/"), ("/a//b/1", 404, "not_found"), ("/a/1/b/2/", 404, "not_found"),
        ("/nothing", 404, "not_found"), ("/silent", 500, "no_answer"), ("/%61/1/b/2", 404, "not_found"),
      ]
      for (path, status, body) in expected {
        client.send(get(path))
        let answer = try #require(client.answer())
        #expect(answer.status == status && answer.body == body, "\(path)")
      }
      client.send("DELETE / HTTP/1.1\r\nHost: a\r\n\r\nOPTIONS / HTTP/1.1\r\nHost: a\r\n\r\n")
      let refused = try #require(client.answer())
      #expect(refused.status == 405 && refused.field("allow") == "GET, HEAD, POST, OPTIONS")
      #expect(client.answer()?.status == 204)
      client.send("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n" + get("/twice") + get("/"))
      #expect(client.answer()?.status == 204)
      #expect(client.answer()?.status == 204)
      #expect(client.answer()?.body == "hello")
    }
  }

  @Test func letsTheClientSeeTheRefusal() throws {
    try withServer { server in
      let client = server.client()
      client.send("GET / HTTP/1.1\r\nBad Name: x\r\n\r\n" + String(repeating: "x", count: 100_000))
      let answer = try #require(client.answer())
      #expect(answer.status == 400 && answer.body == "bad_field_name")
      #expect(answer.field("connection") == "close")
      #expect(client.isEnded())
    }
  }
}
