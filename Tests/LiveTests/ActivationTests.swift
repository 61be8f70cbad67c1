// Socket activation: a supervisor holds the listening socket, so that a restart loses no connection.

import Foundation
import Testing

@Suite struct ActivationTests {
  /// A client that connects while no server runs waits for the next one.
  @Test func theSocketIsServed() async throws {
    let (socket, folder) = (try HeldSocket(), try Folder())
    async let early = blocking { try Self.get("/readyz", socket.port) }
    let first = try await socket.serve(folder: folder)
    #expect(try await early.status == 200)
    #expect(first.child.standardOutput.hasPrefix("listening on http://127.0.0.1:\(socket.port)\n"))
    await first.child.signal(SIGTERM)
    #expect(try await first.child.end() == 0)
    async let between = blocking { try Self.get("/readyz", socket.port) }
    let second = try await socket.serve(folder: folder)
    #expect(try await between.status == 200)
    await second.child.destroy()
  }

  /// What the supervisor holds under another address can't be bound.
  @Test func theSameUnderAnotherName() async throws {
    let (socket, folder) = (try HeldSocket(), try Folder())
    let settings = ["listen=0.0.0.0:\(socket.port)", "admin.listen=off", "tls.mode=off", "issuer=https://a.example"]
    let child = try socket.start(settings, folder: folder)
    #expect(try await child.end() == 1)
    #expect(child.standardError.contains("write 127.0.0.1:\(socket.port) in listen"), "\(child.standardError)")
  }

  @Test(arguments: [
    ("listen=127.0.0.1:0", "1", "which no listener names"), ("", "2", "descriptor 4"), ("", "x", "LISTEN_FDS is 'x'"),
    ("", "-1", "LISTEN_FDS is '-1'"),
  ])
  func whatCannotBeServed(listen: String, count: String, reason: String) async throws {
    let (socket, folder) = (try HeldSocket(), try Folder())
    let listen = listen.isEmpty ? "listen=127.0.0.1:\(socket.port)" : listen
    let child = try socket.start([listen, "admin.listen=off"], count: count, folder: folder)
    #expect(try await child.end() == 1)
    let lines = child.standardError.split(separator: "\n")
    #expect(lines.count == 1 && lines[0].hasPrefix("signet: ") && lines[0].contains(reason), "\(lines)")
    if count == "1" { #expect(lines.first?.contains("127.0.0.1:\(socket.port)") == true) }
  }

  /// Clients see no failed request through restarts: those that keep their connection until the server says `close`, and
  /// those that make one for each request.
  @Test func restartsUnderLoadFailNobody() async throws {
    let (socket, folder) = (try HeldSocket(), try Folder())
    let (restarts, pause) = Programs.isLong ? (10, 6.0) : (2, 1.0)
    let load = Load()
    var server = try await socket.serve(folder: folder)
    let results = await Result<[Load.Outcome], any Error>.of {
      try await withThrowingTaskGroup(of: Load.Outcome.self) { group in
        for number in 0..<6 { group.addTask { try await blocking { load.run(socket.port, keeps: number < 3) } } }
        for _ in 0..<restarts {
          try await Task.sleep(for: .seconds(pause))
          await server.child.signal(SIGTERM)
          #expect(try await server.child.end() == 0)
          server = try await socket.serve(folder: folder)
        }
        try await Task.sleep(for: .seconds(pause / 2))
        load.stop()
        return try await group.reduce(into: []) { $0.append($1) }
      }
    }
    load.stop()
    await server.child.destroy()
    for outcome in try results.get() {
      #expect(outcome.failures == [], "after \(outcome.answers) answers")
      #expect(outcome.answers > 20 * restarts)
    }
  }

  /// Without a supervisor, too: a connection is refused or answered, never made and then lost.
  @Test func aStopWithoutASupervisorLosesNoConnection() async throws {
    for _ in 0..<(Programs.isLong ? 20 : 3) {
      try await withServer { server in
        let load = Load()
        let outcomes = try await withThrowingTaskGroup(of: Load.Outcome.self) { group in
          for _ in 0..<4 { group.addTask { try await blocking { load.run(server.port, keeps: false) } } }
          try await Task.sleep(for: .milliseconds(200))
          await server.child.signal(SIGTERM)
          return try await group.reduce(into: []) { $0.append($1) }
        }
        for outcome in outcomes {
          #expect(outcome.answers > 0)
          #expect(outcome.failures.filter { !$0.hasPrefix("can't connect: Connection refused") } == [])
        }
      }
    }
  }

  private static func get(_ path: String, _ port: Int) throws -> Answer {
    let connection = try Connection(port: port)
    try connection.send(Request("GET", path).bytes)
    return try connection.answer()
  }
}

/// Clients that ask until they are told to stop.
private final class Load: Sendable {
  struct Outcome {
    var answers = 0
    var failures: [String] = []
  }

  private let flag = Flag()

  func stop() { flag.raise() }

  /// Asks one request after the other.
  /// - Parameter keeps: whether it keeps its connection until the server says that it closes.
  func run(_ port: Int, keeps: Bool) -> Outcome {
    var outcome = Outcome()
    let request = Request("GET", "/.well-known/jwks.json")
    var connection: Connection?
    while !flag.isRaised, outcome.failures.count < 5 {
      do {
        let open = try connection ?? Connection(port: port)
        try open.send(keeps ? request.kept.bytes : request.bytes)
        let answer = try open.answer()
        guard answer.status == 200 else { throw HarnessError("\(answer)") }
        outcome.answers += 1
        connection = keeps && answer.field("connection")?.lowercased() != "close" ? open : nil
      } catch {
        outcome.failures.append("\(error)")
        connection = nil
      }
      // So that a connection is idle for a while, too.
      usleep(500)
    }
    return outcome
  }
}

/// Raised once, seen by all.
private final class Flag: @unchecked Sendable {
  // @unchecked Sendable: the lock protects the one field.
  private let lock = NSLock()
  private var raised = false

  var isRaised: Bool { lock.withLock { raised } }

  func raise() { lock.withLock { raised = true } }
}
