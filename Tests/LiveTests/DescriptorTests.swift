// No descriptor is left for accept: accepting rests and is counted, who is connected goes on, who waits is taken when
// there is room again. Once by a library that makes accept fail, once by the kernel.

import Foundation
import Testing

@Suite struct DescriptorTests {
  @Test(.needsPlainServer, arguments: BrokenSystem.seeds) func acceptFailsForAWhile(_ seed: UInt64) async throws {
    let system = try BrokenSystem("accept fails", seed: seed)
    try await withServer(environment: system.environment) { server in
      let inside = try await Self.connected(server.port)
      let operators = try await Self.connected(server.operators)
      try system.breaks("emfile=100")
      let outside = try await blocking { try (0..<4).map { _ in try Self.asking(server.port) } }
      try await Self.paused(operators, times: 2)
      #expect(try await blocking { try Self.ask(inside).status } == 200)
      #expect(outside.allSatisfy { !$0.hasInput })
      // Now and then only: the rest gets through all the same.
      try system.breaks("emfile=50 eintr=20 eagain=20")
      for connection in outside { #expect(try await blocking { try connection.answer().status } == 200) }
      for _ in 0..<5 { #expect(try await server.get("/healthz").status == 200) }
      #expect(system.happened("emfile=50"))
    }
  }

  @Test func descriptorsRunOut() async throws {
    try await withServer { server in
      try await server.addUser()
      let inside = try await Self.connected(server.port)
      let operators = try await Self.connected(server.operators)
      try await Self.allow(8, more: server)
      let crowd = try await blocking { try (0..<24).map { _ in try Self.asking(server.port) } }
      try await Self.paused(operators, times: 2)
      let served = crowd.filter(\.hasInput)
      #expect((1...8).contains(served.count))
      // Whoever is in loses nothing, a login with its writes included.
      let login = Request.json("/v1/login", ["username": "ada", "password": .string(goodPassword)]).kept
      let tokens = try await blocking { try Tokens(Self.ask(inside, login)) }
      let refresh = Request.json("/v1/refresh", ["refresh_token": .string(tokens.refresh)]).kept
      #expect(try await blocking { try Self.ask(inside, refresh).status } == 200)
      for connection in served { #expect(try await blocking { try connection.answer().status } == 200) }
      // As they leave, the others come in.
      for connection in served { connection.finishSending() }
      var waiting = crowd.filter { connection in !served.contains { $0 === connection } }
      while !waiting.isEmpty {
        let next = waiting.removeFirst()
        #expect(try await blocking { try next.answer().status } == 200)
        next.finishSending()
      }
      #expect(try await server.get("/healthz").status == 200)
    }
  }

  private static let health = Request("GET", "/healthz").kept

  private static func connected(_ port: Int) async throws -> Connection {
    try await blocking {
      let connection = try Connection(port: port)
      _ = try ask(connection)
      return connection
    }
  }

  /// A new connection which has asked and may wait for its answer.
  private static func asking(_ port: Int) throws -> Connection {
    let connection = try Connection(port: port)
    try connection.send(health.bytes)
    return connection
  }

  private static func ask(_ connection: Connection, _ request: Request = health) throws -> Answer {
    try connection.send(request.bytes)
    return try connection.answer()
  }

  /// Waits until accepting has rested so often; asked on a connection that is open already.
  private static func paused(_ operators: Connection, times: Double) async throws {
    try await eventually("accepting rests") {
      let text = try await blocking { try ask(operators, Request("GET", "/metrics").kept).text }
      return LiveServer.metric("signet_http_accept_pauses_total", in: text).map { $0 >= times } ?? false
    }
  }

  /// Leaves room for so many more descriptors.
  private static func allow(_ count: Int, more server: LiveServer) async throws {
    let folder = "/proc/\(server.child.pid)/fd"
    let open = Set(try FileManager.default.contentsOfDirectory(atPath: folder).compactMap { Int($0) })
    // The limit is one of numbers, and lower ones may be free.
    let free = (0...).lazy.filter { !open.contains($0) }
    let limit = free.dropFirst(count).first { _ in true } ?? 0
    let finished = try await Finished.run(
      "prlimit", ["--pid", "\(server.child.pid)", "--nofile=\(limit):\(limit)"], folder: server.folder)
    guard finished.status == 0 else { throw HarnessError("prlimit: \(finished)") }
  }
}
