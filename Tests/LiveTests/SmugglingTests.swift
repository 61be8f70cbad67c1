// No request is smuggled: what a proxy takes for one request, Signet takes for one request, and nobody gets the answer
// to somebody else's.
//
// Both write a line for each request, and the proxy gives each an id of its own, so the two logs tell: a request of
// Signet's without one of the proxy's was smuggled. Many clients share few connections to Signet meanwhile.

import Foundation
import Testing

@Suite struct SmugglingTests {
  /// Without a proxy: refused and closed, or taken for as many requests as it holds.
  @Test func sentToSignet() async throws {
    try await withServer { server in
      let outcomes = try await inParallel(RawCase.all) { number, one in
        let connection = try Connection(port: server.port)
        try connection.send(one.bytes(number))
        let (bytes, isClosed) = connection.rest(silence: 0.5)
        var outcome = Outcome(one: one, answers: try Answer.all(bytes), isClosed: isClosed)
        if !isClosed, case .answered = one.verdict {
          try connection.send(Request("GET", "/after").bytes)
          outcome.after = try Answer.all(connection.rest(silence: 20).bytes).map(\.status)
        }
        return outcome
      }
      for outcome in outcomes { #expect(outcome.isRight, "\(outcome)") }
      #expect(try await server.get("/healthz").status == 200)
      #expect(await server.child.exitStatus() == nil)
    }
  }

  @Test(.needsProxies, arguments: Proxy.Kind.allCases) func sentThroughAProxy(_ kind: Proxy.Kind) async throws {
    try await withServer(["log.access=all", "limits.drain_timeout=2s"]) { server in
      try await withProxy(kind, server) { proxy in
        let cases = RawCase.all
        let clients = try await inParallel(cases) { number, one in
          try attack(one.bytes(number), number, proxy.port)
        }
        // Its end writes all that it has to say.
        await server.child.signal(SIGTERM)
        #expect(try await server.child.end() == 0)
        let deadline = Date().addingTimeInterval(5)
        let pairs = try await eventually("the proxy has logged") {
          let pairs = try LogPairs(server.log, proxy.lines)
          return pairs.unpaired.isEmpty || Date() > deadline ? pairs : nil
        }
        #expect(pairs.unpaired.isEmpty, "requests that no proxy sent: \(pairs.describe(pairs.unpaired, cases))")
        #expect(pairs.differing.isEmpty)
        #expect(pairs.count > 3 * cases.count)
        for innocent in clients.joined() {
          #expect(innocent.answers.map(\.status) == [404], "\(innocent.path)")
          let id = innocent.answers.first?.field("x-request-id") ?? ""
          #expect(pairs.requests[id] == ["GET \(innocent.path) HTTP/1.1"], "\(innocent.path) got the answer to \(id)")
        }
      }
    }
  }
}

/// A client that means well, and what it got.
private struct Innocent: Sendable {
  let path: String
  let answers: [Answer]
}

/// Sends bytes and a good request behind them, and then good requests on connections of their own.
private func attack(_ bytes: [UInt8], _ number: Int, _ port: Int) throws -> [Innocent] {
  let connection = try Connection(port: port)
  try connection.send(bytes + Request("GET", "/behind-\(number)").bytes)
  _ = connection.rest(silence: 0.3)
  return try (0..<3).map { index in
    let path = "/beside-\(number)-\(index)"
    let other = try Connection(port: port)
    try other.send(Request("GET", path).bytes)
    return Innocent(path: path, answers: try Answer.all(other.rest(silence: 20).bytes))
  }
}

/// What Signet made of a case.
private struct Outcome: Sendable, CustomStringConvertible {
  let one: RawCase
  let answers: [Answer]
  let isClosed: Bool
  /// The answers to a good request on the same connection.
  var after: [Int] = []

  var isRight: Bool {
    let statuses = answers.map(\.status).filter { $0 >= 200 }
    switch one.verdict {
    case .refused: return isClosed && statuses.count == 1 && statuses.allSatisfy(Self.refusals.contains)
    case .answered(let count): return after == [404] && statuses.count == count && statuses.allSatisfy { $0 < 500 }
    case .waits: return !isClosed && statuses.isEmpty
    }
  }

  private static let refusals = Set(400..<500).union([501, 505])

  var description: String {
    "\(one.name.debugDescription) (\(one.verdict)): \(answers.map(\.status)), closed: \(isClosed), then \(after)"
  }
}

/// Signet's log and a proxy's, side by side.
private struct LogPairs {
  /// The proxy's request lines by id.
  let requests: [String: [String]]
  /// Requests of Signet's that are none of the proxy's, or that came twice.
  private(set) var unpaired: [JSON] = []
  /// Pairs with another method or status.
  private(set) var differing: [String] = []
  private(set) var count = 0

  init(_ log: String, _ lines: [Proxy.Line]) throws {
    var sent = Dictionary(grouping: lines, by: \.id)
    requests = sent.mapValues { $0.map(\.request) }
    for text in log.split(separator: "\n") where text.contains(#""msg":"request""#) {
      let line = try JSON(String(text))
      // HAProxy's own checks.
      if line["route"] == "readyz" { continue }
      count += 1
      guard let pair = sent.removeValue(forKey: line["request_id"]?.string ?? ""), pair.count == 1 else {
        unpaired.append(line)
        continue
      }
      let method = line["method"]?.string ?? ""
      if !pair[0].request.hasPrefix(method + " ") || line["status"] != .integer(pair[0].status) {
        differing.append("\(pair[0]) \(line.text)")
      }
    }
    pairRefused(sent.values.joined().filter(\.isForwarded))
  }

  /// A head which Signet refused before it came to the id has another one in its log; it is paired by its status.
  private mutating func pairRefused(_ lines: [Proxy.Line]) {
    var left = lines.map(\.status)
    unpaired.removeAll { line in
      guard let status = line["status"]?.integer, status >= 400, line["route"] == "",
        let index = left.firstIndex(of: status)
      else { return false }
      left.remove(at: index)
      return true
    }
  }

  /// The lines, with the names of the cases that smuggled them.
  func describe(_ lines: [JSON], _ cases: [RawCase]) -> String {
    lines.map { line in
      let number = (line["request_id"]?.string ?? "").split(separator: "-").last.flatMap { Int($0) }
      let name = number.map { cases.indices.contains($0) ? cases[$0].name.debugDescription : "" } ?? ""
      return name + " " + line.text
    }.joined(separator: "\n")
  }
}

/// Runs `body` for each element with its number, some at a time, each on a thread of its own.
private func inParallel<Element: Sendable, Result: Sendable>(
  _ elements: [Element], _ body: @escaping @Sendable (Int, Element) throws -> Result
) async throws -> [Result] {
  let width = 24
  return try await withThrowingTaskGroup(of: [(Int, Result)].self) { group in
    for first in 0..<width {
      group.addTask {
        try await blocking {
          try stride(from: first, to: elements.count, by: width).map { ($0, try body($0, elements[$0])) }
        }
      }
    }
    return try await group.reduce(into: []) { $0 += $1 }.sorted { $0.0 < $1.0 }.map(\.1)
  }
}
