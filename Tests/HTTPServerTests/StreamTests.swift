// Answers without a length: their form, their bounds, and their end, whoever brings it about.

import Glibc
import HTTPServer
import Reactor
import Synchronization
import Testing
import Threads

/// What the endpoints have done.
private final class Tally: Sendable {
  let begun = Atomic<Int>(0)
  let ended = Atomic<Int>(0)
  let written = Atomic<Int>(0)
  let most = Atomic<Int>(0)

  func reach(_ number: Int, _ path: KeyPath<Tally, Int>) -> Bool {
    for _ in 0..<500 where self[keyPath: path] < number { usleep(10_000) }
    return self[keyPath: path] >= number
  }

  var beginnings: Int { begun.load(ordering: .relaxed) }
  var ends: Int { ended.load(ordering: .relaxed) }
}

private func get(_ path: String, _ version: String = "1.1", _ method: String = "GET") -> String {
  "\(method) \(path) HTTP/\(version)\r\nHost: a\r\n\r\n"
}

private func server(
  _ limits: Limits = Limits(), _ tally: Tally = Tally(), loops: Int = 2, _ options: ListenerOptions = ListenerOptions(),
  tls: TestCertificates? = nil
) throws -> TestServer {
  try TestServer(loops: loops, limits: limits, options: options, tls: tls?.context()) { _ in
    [
      // A few pieces over several turns of the loop, then the end.
      Route(
        .get, "/pieces", name: "pieces",
        .deferred { exchange in
          guard let stream = exchange.stream(200, contentType: "text/plain") else { return }
          for piece in ["one ", "two ", "", "three"] {
            stream.write(Array(piece.utf8))
            await exchange.loop.sleep(milliseconds: 1)
          }
        }),
      // For as long as somebody listens.
      Route(
        .get, "/forever", name: "forever",
        .deferred { exchange in
          tally.begun.add(1, ordering: .relaxed)
          guard let stream = exchange.stream(200, contentType: "text/plain") else { return }
          stream.write(Array("hello".utf8))
          while stream.isOpen { await stream.pause() }
          tally.ended.add(1, ordering: .relaxed)
        }),
      // What it is asked for, three times.
      Route(
        .get, "/asked", name: "asked",
        .deferred { exchange in
          guard let stream = exchange.stream(200, contentType: "text/plain") else { return }
          var answers = 0
          while stream.isOpen, answers < 3 {
            await stream.pause()
            guard stream.isQuiet else { continue }
            stream.write(Array("still here\n".utf8))
            answers += 1
          }
        }),
      // As much as there is room for.
      Route(
        .get, "/much", name: "much",
        .deferred { exchange in
          tally.begun.add(1, ordering: .relaxed)
          guard let stream = exchange.stream(200, contentType: "text/plain") else { return }
          let piece = [UInt8](repeating: 120, count: 10_000)
          while stream.isOpen, tally.written.load(ordering: .relaxed) < 20_000_000 {
            guard stream.hasRoom else {
              await stream.pause()
              continue
            }
            stream.write(piece)
            tally.written.add(piece.count, ordering: .relaxed)
          }
          tally.ended.add(1, ordering: .relaxed)
        }),
      // More than there is room for.
      Route(
        .get, "/flood", name: "flood",
        .deferred { exchange in
          guard let stream = exchange.stream(200, contentType: "text/plain") else { return }
          while stream.isOpen { stream.write([UInt8](repeating: 120, count: 10_000)) }
          tally.ended.add(1, ordering: .relaxed)
        }),
      Route(.get, "/", name: "root", .immediate { $0.respond(200, contentType: "text/plain", body: "hello") }),
    ]
  }
}

@Suite(.serialized) struct StreamTests {
  @Test func piecesAreChunkedAndEndTheConnection() throws {
    let server = try server()
    defer { server.stop() }
    let client = server.client()
    client.send(get("/") + get("/pieces") + get("/"))
    #expect(client.answer()?.body == "hello")
    let answer = try #require(client.answer())
    #expect(answer.status == 200 && answer.field("transfer-encoding") == "chunked")
    #expect(answer.field("content-length") == nil && answer.field("connection") == "close")
    // What came behind the request is not answered.
    #expect(client.remainder() == "4\r\none \r\n4\r\ntwo \r\n5\r\nthree\r\n0\r\n\r\n")
    #expect(server.metric(#"signet_http_requests_total{route="pieces",status="2xx"} 1"#))
  }

  @Test func anOldClientGetsThemBare() throws {
    let server = try server()
    defer { server.stop() }
    let client = server.client()
    client.send(get("/pieces", "1.0"))
    let answer = try #require(client.answer())
    #expect(answer.field("transfer-encoding") == nil && answer.field("connection") == "close")
    #expect(client.remainder() == "one two three")
  }

  @Test func headHasNone() throws {
    let server = try server()
    defer { server.stop() }
    let client = server.client()
    client.send(get("/forever", "1.1", "HEAD"))
    let answer = try #require(client.answer(isHead: true))
    #expect(answer.status == 200 && answer.field("transfer-encoding") == "chunked")
    #expect(client.isEnded())
  }

  @Test func overTLSToo() throws {
    let certificates = try TestCertificates()
    var options = ListenerOptions()
    options.speaksTLS = true
    let server = try server(Limits(), Tally(), options, tls: certificates)
    defer { server.stop() }
    #expect(certificates.ask(server.bound.port, "", path: "/pieces", version: "1.0").hasSuffix("one two three"))
  }

  @Test func anEndpointThatIsSilentIsAsked() throws {
    var limits = Limits()
    limits.streamQuiet = 20
    let server = try server(limits)
    defer { server.stop() }
    let client = server.client()
    client.send(get("/asked", "1.0"))
    #expect(client.answer()?.status == 200)
    #expect(client.remainder() == String(repeating: "still here\n", count: 3))
  }

  @Test func whoeverLeavesEndsIt() throws {
    let tally = Tally()
    let server = try server(Limits(), tally)
    defer { server.stop() }
    let clients = (0..<20).map { _ in server.client() }
    for client in clients { client.send(get("/forever")) }
    #expect(tally.reach(20, \.beginnings))
    for (number, client) in clients.enumerated() { number.isMultiple(of: 2) ? client.reset() : client.endWriting() }
    #expect(tally.reach(20, \.ends))
    for _ in 0..<500 where server.group.load > 0 { usleep(10_000) }
    #expect(server.group.load == 0)
  }

  @Test func whatComesBehindTheRequestIsThrownAwayUpToABound() throws {
    var limits = Limits()
    limits.lingerBytes = 100_000
    let tally = Tally()
    let server = try server(limits, tally)
    defer { server.stop() }
    let client = server.client()
    client.send(get("/forever"))
    #expect(client.answer()?.status == 200)
    client.send([UInt8](repeating: 120, count: 90_000))
    #expect(tally.ends == 0)
    client.send([UInt8](repeating: 120, count: 20_000))
    #expect(tally.reach(1, \.ends))
  }

  @Test func theServersEndIsItsEnd() throws {
    let tally = Tally()
    let server = try server(Limits(), tally)
    let clients = (0..<200).map { _ in server.client() }
    for client in clients { client.send(get("/forever")) }
    #expect(tally.reach(200, \.beginnings))
    server.stop()
    #expect(tally.ends == 200)
    for client in clients {
      #expect(client.answer()?.status == 200)
      #expect(client.remainder() == "5\r\nhello\r\n0\r\n\r\n")
    }
  }

  @Test func aSlowReaderHoldsItsShareAndIsLetGo() throws {
    var limits = Limits()
    limits.writeTime = 300
    let tally = Tally()
    let server = try server(limits, tally, loops: 1)
    defer { server.stop() }
    let client = server.client()
    client.send(get("/much"))
    #expect(tally.reach(1, \.ends))
    // The kernel's buffers and 32 KiB of ours.
    #expect(tally.written.load(ordering: .relaxed) < 20_000_000)
    #expect(server.metric(#"signet_http_timeouts_total{kind="write"} 1"#))
  }

  @Test func whoeverReadsGetsAll() throws {
    let tally = Tally()
    let server = try server(Limits(), tally, loops: 1)
    defer { server.stop() }
    let client = server.client()
    client.send(get("/much", "1.0"))
    #expect(client.answer()?.status == 200)
    #expect(client.remainder().utf8.count == 20_000_000)
  }

  @Test func anEndpointThatDoesNotWaitIsCutOff() throws {
    let tally = Tally()
    let server = try server(Limits(), tally)
    defer { server.stop() }
    let client = server.client()
    client.send(get("/flood", "1.0"))
    #expect(client.answer()?.status == 200)
    #expect(tally.reach(1, \.ends))
    // Whole pieces, and an orderly end.
    #expect(client.remainder().utf8.count.isMultiple(of: 10_000))
    #expect(server.metric(#"signet_http_bounds_reached_total{bound="stream_output"} 1"#))
  }
}
