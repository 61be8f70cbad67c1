// Deadlines, bounds, disconnects and draining, over sockets.

import Glibc
import HTTPServer
import Reactor
import Synchronization
import Testing
import Threads

private final class Tally: Sendable {
  let finished = Atomic<Int>(0)
  let started = Atomic<Int>(0)

  /// Waits for a count, which another thread brings about; five seconds at most.
  func reach(_ number: Int, _ path: KeyPath<Tally, Int>) -> Bool {
    for _ in 0..<500 where self[keyPath: path] < number { usleep(10_000) }
    return self[keyPath: path] >= number
  }

  var finishedCount: Int { finished.load(ordering: .relaxed) }
  var startedCount: Int { started.load(ordering: .relaxed) }
}

private func server(_ limits: Limits = Limits(), _ tally: Tally = Tally()) throws -> TestServer {
  try TestServer(limits: limits) { _ in
    [
      Route(.get, "/", name: "root", .immediate { $0.respond(200, contentType: "text/plain", body: "hello") }),
      Route(.post, "/", name: "post", .immediate { $0.respond(204) }),
      Route(
        .get, "/large", name: "large",
        .immediate { $0.respond(200, contentType: nil, body: [UInt8](repeating: 120, count: 1 << 20)) }),
      Route(
        .get, "/slow", name: "slow",
        .deferred { exchange in
          tally.started.add(1, ordering: .relaxed)
          await exchange.loop.sleep(milliseconds: 200)
          exchange.respond(200, contentType: "text/plain", body: "slow")
          tally.finished.add(1, ordering: .relaxed)
        }),
    ]
  }
}

/// Answers given in one turn of a loop, and counted there.
private final class Turn {
  var answers = 0
}

private let request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
private let slowRequest = "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n"

@Suite(.serialized) struct BoundsTests {
  @Test func deadlines() throws {
    var limits = Limits()
    limits.headTime = 100
    limits.bodyTime = 100
    limits.idleTime = 300
    let server = try server(limits)
    defer { server.stop() }
    let slowHead = server.client()
    let slowBody = server.client()
    let idle = server.client()
    slowHead.send("GET / HTTP/1.1\r\nHo")
    slowBody.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe")
    let head = try #require(slowHead.answer())
    #expect(head.status == 408 && head.body == "head_timeout")
    let body = try #require(slowBody.answer())
    #expect(body.status == 408 && body.body == "body_timeout")
    #expect(idle.isEnded())
  }

  @Test func aClientThatDoesNotReadIsLetGo() throws {
    var limits = Limits()
    limits.writeTime = 200
    limits.lingerTime = 100
    let server = try server(limits)
    defer { server.stop() }
    let client = server.client()
    client.send(String(repeating: "GET /large HTTP/1.1\r\nHost: a\r\n\r\n", count: 100))
    for _ in 0..<500 where server.group.load > 0 { usleep(10_000) }
    #expect(server.group.load == 0)
  }

  @Test func aLargeAnswerArrivesWhole() throws {
    let server = try server()
    defer { server.stop() }
    let client = server.client()
    client.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n" + request)
    #expect(client.answer()?.body.utf8.count == 1 << 20)
    #expect(client.answer()?.body == "hello")
  }

  @Test func aClientMayLeaveWhileItsEndpointRuns() throws {
    let tally = Tally()
    let server = try server(Limits(), tally)
    defer { server.stop() }
    do {
      let clients = (0..<20).map { _ in server.client() }
      for client in clients { client.send(slowRequest + request) }
      #expect(tally.reach(20, \.startedCount))
      for client in clients { client.reset() }
    }
    #expect(tally.reach(20, \.finishedCount))
    for _ in 0..<500 where server.group.load > 0 { usleep(10_000) }
    #expect(server.group.load == 0)
    let client = server.client()
    client.send(request)
    #expect(client.answer()?.body == "hello")
  }

  @Test func drainingLetsRequestsInFlightEnd() throws {
    let tally = Tally()
    let server = try server(Limits(), tally)
    let idle = server.client()
    idle.send(request)
    #expect(idle.answer()?.body == "hello")
    let busy = (0..<5).map { _ in server.client() }
    for client in busy { client.send(slowRequest) }
    #expect(tally.reach(5, \.startedCount))
    server.stop()
    #expect(tally.finishedCount == 5)
    for client in busy {
      let answer = try #require(client.answer())
      #expect(answer.body == "slow" && answer.field("connection") == "close")
      #expect(client.isEnded())
    }
    #expect(idle.isEnded())
    #expect(server.group.load == 0)
  }

  @Test func aThousandConnections() throws {
    let server = try server()
    defer { server.stop() }
    let clients = (0..<1000).map { _ in server.client() }
    for _ in 0..<2 {
      for client in clients { client.send(request) }
      for client in clients { #expect(client.answer()?.body == "hello") }
    }
    #expect(server.group.load == 1000)
    #expect(server.group.loops.allSatisfy { $0.load.load(ordering: .relaxed) == 500 })
  }

  @Test func connectionsOverTheBoundAreTurnedAway() throws {
    var limits = Limits()
    limits.connections = 3
    let server = try server(limits)
    defer { server.stop() }
    let clients = (0..<3).map { _ in server.client() }
    for client in clients {
      client.send(request)
      #expect(client.answer()?.status == 200)
    }
    #expect(server.client().answer()?.status == 503)
  }

  @Test func aFullServerCanBeLookedInto() throws {
    var limits = Limits()
    limits.connections = 1
    let server = try server(limits)
    defer { server.stop() }
    var options = ListenerOptions()
    options.reserve = 1
    let operators = try server.server.listen(on: ListenAddress("127.0.0.1:0"), options: options) { _ in
      Router(
        [Route(.get, "/", name: "root", .immediate { $0.respond(204) })], prepare: { _, _ in false },
        failure: { error, exchange in exchange.respond(error.status) })
    }
    let client = server.client()
    client.send(request)
    #expect(client.answer()?.status == 200)
    #expect(server.client().answer()?.body == "too_many_connections")
    let first = Client(port: operators.port)
    first.send(request)
    #expect(first.answer()?.status == 204)
    #expect(Client(port: operators.port).answer()?.status == 503)
  }

  @Test func connectionsFromOneAddressAreBounded() throws {
    var limits = Limits()
    limits.connectionsPerAddress = 1
    let server = try server(limits)
    defer { server.stop() }
    let client = server.client()
    client.send(request)
    #expect(client.answer()?.status == 200)
    #expect(server.client().answer()?.status == 503)
  }

  @Test func theLastRequestOfAConnectionIsToldSo() throws {
    var limits = Limits()
    limits.requestsPerConnection = 2
    let server = try server(limits)
    defer { server.stop() }
    let client = server.client()
    client.send(request + request + request)
    #expect(client.answer()?.field("connection") == nil)
    #expect(client.answer()?.field("connection") == "close")
    #expect(client.isEnded())
    #expect(server.metric(#"signet_http_bounds_reached_total{bound="requests_per_connection"} 1"#))
  }

  @Test func requestsBehindASlowOneAreReadUpToABound() throws {
    var limits = Limits()
    limits.pipelined = 4096
    let server = try server(limits)
    defer { server.stop() }
    let client = server.client()
    let many = 2000
    let sender = Thread(name: "sender") { client.send(slowRequest + String(repeating: request, count: many)) }
    #expect(client.answer()?.body == "slow")
    for _ in 0..<many { #expect(client.answer()?.body == "hello") }
    sender.join()
    #expect(server.metric(#"signet_http_bounds_reached_total{bound="pipelined"} 1"#))
  }

  @Test func answersThatNobodyTakesHoldBackTheNextRequests() throws {
    var limits = Limits()
    limits.pendingOutput = 1 << 20
    let server = try server(limits)
    defer { server.stop() }
    let client = server.client()
    let many = 30
    let sender = Thread(name: "sender") {
      client.send(String(repeating: "GET /large HTTP/1.1\r\nHost: a\r\n\r\n", count: many))
    }
    #expect(server.reaches(#"signet_http_bounds_reached_total{bound="pending_output"}"#))
    for _ in 0..<many { #expect(client.answer()?.body.utf8.count == 1 << 20) }
    sender.join()
  }

  /// However fast a client takes its answers, it gets a few in one turn of the loop.
  @Test func whoAsksForMuchDoesNotKeepOthersWaiting() throws {
    let most = Atomic<Int>(0)
    let server = try TestServer(loops: 1) { loop in
      let turn = Turn()
      loop.atTickEnd {
        most.max(turn.answers, ordering: .relaxed)
        turn.answers = 0
      }
      return [
        Route(
          .get, "/", name: "root",
          .immediate { exchange in
            turn.answers += 1
            exchange.respond(200, contentType: nil, body: [UInt8](repeating: 120, count: 10_000))
          })
      ]
    }
    defer { server.stop() }
    let client = server.client()
    let many = 300
    let sender = Thread(name: "sender") { client.send(String(repeating: request, count: many)) }
    for _ in 0..<many { #expect(client.answer()?.body.utf8.count == 10_000) }
    sender.join()
    // 32 KiB of answers, and the one which goes beyond.
    #expect((1...4).contains(most.load(ordering: .relaxed)))
  }

  @Test func requestsThatWaitForTheirTurnAreAnsweredAlsoAfterTheClientsEnd() throws {
    let server = try TestServer(loops: 1) { _ in
      [
        Route(
          .get, "/", name: "root",
          .immediate { $0.respond(200, contentType: nil, body: [UInt8](repeating: 120, count: 10_000)) })
      ]
    }
    defer { server.stop() }
    // More than get their turn in one tick.
    let clients = (0..<300).map { _ in server.client() }
    for client in clients {
      client.send(String(repeating: request, count: 20))
      client.endWriting()
    }
    for client in clients {
      for _ in 0..<20 { #expect(client.answer()?.body.utf8.count == 10_000) }
      #expect(client.isEnded())
    }
  }

  @Test func aKeptConnectionMaySendOneMoreRequestAtTheEnd() throws {
    var limits = Limits()
    limits.farewellTime = 10_000
    let server = try server(limits)
    let clients = (0..<4).map { _ in server.client() }
    for client in clients {
      client.send(request)
      #expect(client.answer()?.field("connection") == nil)
    }
    let stopping = Thread(name: "stopping") { server.stop() }
    // The listener closes when the loops begin to drain; until then, connecting succeeds.
    for _ in 0..<500 where server.client().isConnected { usleep(10_000) }
    for client in clients {
      client.send(request)
      let answer = client.answer()
      #expect(answer?.body == "hello" && answer?.field("connection") == "close")
      #expect(client.isEnded())
    }
    stopping.join()
    #expect(server.group.load == 0)
  }

  @Test func theEndDoesNotWaitForConnectionsThatStayIdle() throws {
    var limits = Limits()
    limits.farewellTime = 50
    let server = try server(limits)
    let idle = server.client()
    idle.send(request)
    #expect(idle.answer()?.body == "hello")
    server.stop()
    #expect(idle.isEnded())
    #expect(server.group.load == 0)
  }

  @Test func aPortInUseIsNamed() throws {
    let server = try server()
    defer { server.stop() }
    let address = try ListenAddress("127.0.0.1:\(server.bound.port)")
    #expect(throws: ListenError.inUse(address.description)) { try ListeningSocket(address) }
  }
}
