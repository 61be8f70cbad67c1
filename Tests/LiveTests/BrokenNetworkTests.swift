// Sockets that give and take little pieces, are interrupted, aren't ready after all, and fail: each request is answered
// as it would be on a good day, or not at all.

import Foundation
import Testing

@Suite struct BrokenNetworkTests {
  private static let small = "short=40 eintr=15 eagain=30"

  /// From the first instruction on: the keys' file, the database and the commands take it too.
  @Test(.needsPlainServer, arguments: BrokenSystem.seeds) func aWalkInSmallPieces(_ seed: UInt64) async throws {
    let system = try BrokenSystem("a walk in small pieces", seed: seed, from: Self.small)
    try await withServer(environment: system.environment) { server in
      try await server.addUser()
      let first = try await server.login()
      let second = try await server.refresh(first.refresh)
      #expect(try await server.refresh(first.refresh).refresh == second.refresh, "not the same answer again")
      #expect(try await server.isGood(second.access))
      #expect(try await server.post("/v1/logout", ["refresh_token": .string(second.refresh)]).status == 204)
      #expect(try await server.tryRefresh(second.refresh).error == "invalid_grant")
      #expect(try await server.isGood(second.access) == false)
      #expect(try await server.command(["audit", "verify"]).status == 0)
      await server.child.signal(SIGTERM)
      let status = try await server.child.end()
      #expect(status == 0)
      #expect(system.happened(Self.small))
      #expect(try await server.unbroken.sql("PRAGMA integrity_check") == "ok\n")
    }
  }

  /// What is asked for in one go, several times at once, is answered byte for byte as without faults.
  @Test(.needsPlainServer, arguments: BrokenSystem.seeds) func pipelinesInSmallPieces(_ seed: UInt64) async throws {
    let system = try BrokenSystem("pipelines in small pieces", seed: seed)
    try await withServer(environment: system.environment) { server in
      try await server.addUser()
      let pipeline = Pipeline(bearer: try await server.login().access)
      let whole = try await blocking { try pipeline.run(port: server.port) }
      #expect(whole.map { $0.prefix(3) }.contains("200"))
      try system.breaks(Self.small)
      try await withThrowingTaskGroup(of: [String].self) { group in
        for _ in 0..<4 { group.addTask { try await blocking { try pipeline.run(port: server.port) } } }
        for try await answers in group { #expect(answers == whole) }
      }
      #expect(system.happened(Self.small))
    }
  }

  /// SIGTERM under load: whoever was acknowledged something holds it, and the end is an orderly one.
  @Test(.needsPlainServer, arguments: BrokenSystem.seeds) func anEndInSmallPieces(_ seed: UInt64) async throws {
    let system = try BrokenSystem("an end in small pieces", seed: seed)
    try await withServer(["session.max_per_user=10000"], environment: system.environment) { server in
      try await server.addUser()
      let survivors = try await Survivors.run(server) { progress in
        try system.breaks(Self.small)
        try await progress.goesOn(by: 50)
        await server.child.signal(SIGTERM)
        let status = try await server.child.end()
        #expect(status == 0)
      }
      let second = try await server.restartUnbroken()
      let outcome = await Result<Void, any Error>.of { try await survivors.check(second) }
      await second.child.destroy()
      try outcome.get()
    }
  }

  /// Connections that break on either side cost nobody else anything, and nothing of them stays.
  @Test(.needsPlainServer, arguments: BrokenSystem.seeds) func resets(_ seed: UInt64) async throws {
    let rates = "reset=5 short=20"
    let system = try BrokenSystem("resets", seed: seed)
    try await withServer(environment: system.environment) { server in
      try await server.addUser()
      let keys = try await server.get("/.well-known/jwks.json").body
      let before = try await Self.settled(server)
      try system.breaks(rates)
      try await withThrowingTaskGroup(of: Int.self) { group in
        for _ in 0..<6 { group.addTask { try await blocking { try Self.insist(on: keys, port: server.port) } } }
        for try await lost in group where lost == 0 { Issue.record("no connection was reset") }
      }
      #expect(system.happened(rates))
      try system.mend()
      let open = try await blocking { try (0..<5).map { _ in try Connection(port: server.port) } }
      try await eventually("the gauge counts the clients") {
        // One more asks.
        try await server.metric("signet_http_connections") == Double(open.count + 1)
      }
      for connection in open { connection.finishSending() }
      _ = try await server.login()
      try await eventually("no descriptor is left behind") { try await Self.settled(server) <= before }
    }
  }

  /// The server's descriptors when no client is connected any more.
  private static func settled(_ server: LiveServer) async throws -> Int {
    try await eventually("clients are gone") { try await server.metric("signet_http_connections") == 1 }
    return try await eventually("descriptors don't change") {
      let count = try server.descriptors
      try await Task.sleep(for: .milliseconds(20))
      return try server.descriptors == count ? count : nil
    }
  }

  /// Asks until there were many answers, on new connections where they break; how many broke.
  private static func insist(on keys: [UInt8], port: Int) throws -> Int {
    var answered = 0
    var lost = 0
    while answered < 200 {
      let connection = try Connection(port: port)
      do {
        while answered < 200 {
          try connection.send(Request("GET", "/.well-known/jwks.json").kept.bytes)
          let answer = try connection.answer()
          guard answer.status == 200, answer.body == keys else { throw WrongAnswer(answer: answer) }
          answered += 1
        }
      } catch let wrong as WrongAnswer { throw wrong } catch { lost += 1 }
    }
    return lost
  }

  private struct WrongAnswer: Error { let answer: Answer }
}

/// Requests of all kinds, sent at once: more answers than the server keeps for a client that doesn't read.
private struct Pipeline {
  let bearer: String

  private var requests: [(bytes: [UInt8], bodiless: Bool)] {
    let refused: JSON = ["refresh_token": "sgr_no"]
    let long = JSON.object(["refresh_token": .string(String(repeating: "a", count: 60_000))])
    let kinds: [Request] = [
      Request("GET", "/openapi.json"), .json("/v1/refresh", refused), Request("HEAD", "/openapi.json"),
      .bearer("GET", "/v1/me", bearer), Request("GET", "/nowhere"), .json("/v1/refresh", long),
      .json("/v1/login", text: "{"), Request("GET", "/.well-known/jwks.json"), .form("/v1/login", "username=x"),
    ]
    let plain = kinds.map { ($0.kept.bytes, $0.method == "HEAD") }
    let chunked = [1, 7, 4096].map { (Self.chunked("/v1/refresh", refused, size: $0), false) }
    return Array(repeating: plain + chunked, count: 5).flatMap { $0 }
  }

  private static func chunked(_ path: String, _ body: JSON, size: Int) -> [UInt8] {
    let head = "POST \(path) HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    var bytes = Array("\(head)Transfer-Encoding: chunked\r\n\r\n".utf8)
    var rest = Array(body.text.utf8)[...]
    while !rest.isEmpty {
      bytes += Array("\(String(rest.prefix(size).count, radix: 16))\r\n".utf8) + rest.prefix(size) + Array("\r\n".utf8)
      rest = rest.dropFirst(size)
    }
    return bytes + Array("0\r\n\r\n".utf8)
  }

  /// The answers, without what differs each time: the date and the request's id.
  func run(port: Int) throws -> [String] {
    let connection = try Connection(port: port)
    let requests = requests
    let all = requests.flatMap(\.bytes)
    let sender = Thread { try? connection.send(all) }
    sender.start()
    return try requests.map { request in
      let answer = try connection.answer(bodiless: request.bodiless)
      let id = answer.field("x-request-id") ?? "none"
      let fields = answer.fields.filter { !["date", "x-request-id"].contains($0.name) }
      let text = "\(answer.status) \(fields.map { "\($0.name): \($0.value)" })\n\(answer.text)"
      return text.replacingOccurrences(of: id, with: "ID")
    }
  }
}
