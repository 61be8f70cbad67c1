// Clients that go on whatever happens to their requests, and remember what was acknowledged.
//
// A broken connection is made again, a request without a 2xx is repeated, as the README tells clients to. Each runs on a
// thread of its own until the server refuses connections, which is when it is dead.

import Foundation
import Synchronization
import Testing

/// What the clients were told, in all.
final class Progress: Sendable, CustomStringConvertible {
  fileprivate let good = Atomic<Int>(0)
  fileprivate let refused = Atomic<Int>(0)
  fileprivate let broken = Atomic<Int>(0)

  var description: String {
    "\(good.load(ordering: .relaxed)) acknowledged, \(refused.load(ordering: .relaxed)) refused, "
      + "\(broken.load(ordering: .relaxed)) connections broken"
  }

  /// Waits for so many more acknowledgements, for more of them when there is time.
  func goesOn(by count: Int) async throws {
    let count = Programs.isLong ? count * 10 : count
    let wanted = good.load(ordering: .relaxed) + count
    try await eventually("\(count) more are acknowledged") { good.load(ordering: .relaxed) >= wanted }
  }
}

/// A few clients of one server.
struct Survivors: Sendable, CustomStringConvertible {
  private let all: [Survivor]
  private let progress: Progress

  /// Runs clients while `body` breaks things; it has to end with the server's death.
  static func run(_ server: LiveServer, _ body: (Progress) async throws -> Void) async throws -> Survivors {
    let begun = try await (0..<6).asyncMap { index in
      Survivor(try await server.login(), endsSessions: index == 5)
    }
    let progress = Progress()
    return try await withThrowingTaskGroup(of: Survivor.self) { group in
      for client in begun { group.addTask { try await blocking { client.run(server.port, progress) } } }
      let outcome = await Result<Void, any Error>.of { try await body(progress) }
      // The clients end with the server.
      await server.child.destroy()
      let all = try await group.reduce(into: []) { $0.append($1) }
      for client in all { if let complaint = client.complaint { throw HarnessError(complaint) } }
      try outcome.get()
      return Survivors(all: all, progress: progress)
    }
  }

  /// Holds the restarted server to what its predecessor acknowledged.
  func check(_ server: LiveServer) async throws {
    #expect(try await server.sql("PRAGMA integrity_check") == "ok\n")
    #expect(try await server.command(["audit", "verify"]).status == 0)
    for client in all {
      for token in client.ended { #expect(try await server.tryRefresh(token).status == 401, "a logout was lost") }
      for token in client.kept { #expect(try await server.tryRefresh(token).status == 200, "a login was lost") }
      guard !client.endsSessions else { continue }
      let answer = try await server.tryRefresh(client.last)
      #expect(answer.status == 200, "after \(client.rotations) rotations: \(answer)")
      guard answer.status == 200 else { continue }
      let next = try Tokens(answer).refresh
      #expect(Survivor.generation(of: next) == client.rotations + 1)
      #expect(try await server.refresh(client.last).refresh == next, "not the same answer again")
    }
  }

  var description: String {
    "\(progress), \(all.map(\.rotations)) rotations, \(all.flatMap(\.ended).count) logouts and "
      + "\(all.flatMap(\.kept).count) logins held"
  }
}

/// One client: it rotates a session, or begins and ends others.
struct Survivor: Sendable {
  let endsSessions: Bool
  /// The last token acknowledged, and the one before it.
  private(set) var last: String
  private var before: String?
  private(set) var rotations = 0
  /// Tokens whose logout was acknowledged, and tokens of logins that stay.
  private(set) var ended: [String] = [], kept: [String] = []
  /// An answer that nothing explains.
  private(set) var complaint: String?
  private var connection: Connection?

  init(_ tokens: Tokens, endsSessions: Bool) {
    last = tokens.refresh
    self.endsSessions = endsSessions
  }

  /// How often the session of a refresh token was rotated: bytes 22 to 25 (see RefreshToken).
  static func generation(of token: String) -> Int? {
    guard let bytes = base64URLBytes(token.dropFirst(4)), bytes.count == 42 else { return nil }
    return bytes[22..<26].reduce(0) { $0 << 8 | Int($1) }
  }

  fileprivate consuming func run(_ port: Int, _ progress: Progress) -> Survivor {
    var client = self
    do {
      while client.complaint == nil {
        if client.endsSessions { try client.endOne(port, progress) } else { try client.rotate(port, progress) }
      }
    } catch {
      // The server is gone.
    }
    client.connection = nil
    return client
  }

  private mutating func rotate(_ port: Int, _ progress: Progress) throws {
    let answer = try insist("/v1/refresh", ["refresh_token": .string(last)], port, progress)
    guard let next = try? Tokens(answer).refresh, Self.generation(of: next) == rotations + 1 else {
      return complaint = "rotation \(rotations + 1): \(answer)"
    }
    (before, last) = (last, next)
    rotations += 1
    guard rotations % 8 == 0, let before else { return }
    let again = try insist("/v1/refresh", ["refresh_token": .string(before)], port, progress)
    if (try? Tokens(again).refresh) != last { complaint = "not the same answer again: \(again)" }
  }

  private mutating func endOne(_ port: Int, _ progress: Progress) throws {
    let login: JSON = ["username": "ada", "password": .string(goodPassword)]
    let answer = try insist("/v1/login", login, port, progress)
    guard let token = try? Tokens(answer).refresh else { return complaint = "login: \(answer)" }
    if kept.count <= ended.count { return kept.append(token) }
    let end = try insist("/v1/logout", ["refresh_token": .string(token)], port, progress)
    if end.status == 204 { ended.append(token) } else { complaint = "logout: \(end)" }
  }

  /// Repeats a request until it is answered otherwise than by 503, or 500 without a cause told; throws when nobody
  /// listens.
  private mutating func insist(_ path: String, _ body: JSON, _ port: Int, _ progress: Progress) throws -> Answer {
    while true {
      let open = try connection ?? Connection(port: port)
      connection = open
      guard let answer = try? Self.ask(open, path, body) else {
        connection = nil
        progress.broken.add(1, ordering: .relaxed)
        continue
      }
      let isTold =
        answer.status == 503 && answer.error == "temporarily_unavailable" && answer.field("retry-after") != nil
      if isTold || (answer.status == 500 && answer.error == "server_error") {
        progress.refused.add(1, ordering: .relaxed)
        continue
      }
      progress.good.add(1, ordering: .relaxed)
      return answer
    }
  }

  private static func ask(_ connection: Connection, _ path: String, _ body: JSON) throws -> Answer {
    try connection.send(Request.json(path, body).kept.bytes)
    return try connection.answer()
  }
}
