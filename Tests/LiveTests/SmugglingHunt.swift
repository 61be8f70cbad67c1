// The hunt for smuggled requests behind a proxy: attacks, innocents beside them, and the two logs side by side.

import Foundation
import Testing

/// Bytes for a proxy.
struct Attack: Sendable {
  let name: String
  let bytes: [UInt8]
  /// The last byte of the loopback address where the proxy takes them.
  var host: UInt8 = 1
}

/// Sends the attacks through a proxy, good requests beside them, and compares what both sides saw.
/// - Parameter version: that of the attacks; some of them must have reached Signet.
func hunt(
  _ kind: Proxy.Kind, _ attacks: [Attack], _ changes: [Change] = [], version: String = "HTTP/1.1"
) async throws {
  try await withServer(["log.access=all", "limits.drain_timeout=2s"]) { server in
    try await withProxy(kind, server, changes) { proxy in
      let clients = try await inParallel(attacks) { number, one in try attack(one, number, proxy.port) }
      // Its end writes all that it has to say.
      await server.child.signal(SIGTERM)
      #expect(try await server.child.end() == 0)
      let deadline = Date().addingTimeInterval(5)
      let pairs = try await eventually("the proxy has logged") {
        let pairs = try LogPairs(server.log, proxy.lines)
        return pairs.unpaired.isEmpty || Date() > deadline ? pairs : nil
      }
      #expect(pairs.unpaired.isEmpty, "requests that no proxy sent: \(pairs.describe(pairs.unpaired, attacks))")
      #expect(pairs.differing.isEmpty)
      #expect(pairs.count > 3 * attacks.count)
      #expect(proxy.lines.contains { $0.isForwarded && $0.request.hasSuffix("/v1/refresh \(version)") })
      for innocent in clients.joined() {
        #expect(innocent.answers.map(\.status) == [404], "\(innocent.path)")
        let id = innocent.answers.first?.field("x-request-id") ?? ""
        #expect(pairs.requests[id] == ["GET \(innocent.path) HTTP/1.1"], "\(innocent.path) got the answer to \(id)")
      }
    }
  }
}

/// A client that means well, and what it got.
private struct Innocent: Sendable {
  let path: String
  let answers: [Answer]
}

/// Sends the bytes, and then good requests on connections of their own.
private func attack(_ one: Attack, _ number: Int, _ port: Int) throws -> [Innocent] {
  let connection = try Connection(port: port, host: one.host)
  try connection.send(one.bytes)
  _ = connection.rest(silence: 0.3)
  return try (0..<3).map { index in
    let path = "/beside-\(number)-\(index)"
    let other = try Connection(port: port)
    try other.send(Request("GET", path).bytes)
    return Innocent(path: path, answers: try Answer.all(other.rest(silence: 20).bytes))
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
      // What the proxies say of a client that didn't wait for its answer.
      let hasLeft = [499, 400, -1].contains(pair[0].status)
      if !pair[0].request.hasPrefix(method + " ") || !hasLeft && line["status"] != .integer(pair[0].status) {
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
  func describe(_ lines: [JSON], _ cases: [Attack]) -> String {
    lines.map { line in
      let number = (line["request_id"]?.string ?? "").split(separator: "-").last.flatMap { Int($0) }
      let name = number.map { cases.indices.contains($0) ? cases[$0].name.debugDescription : "" } ?? ""
      return name + " " + line.text
    }.joined(separator: "\n")
  }
}

/// Runs `body` for each element with its number, some at a time, each on a thread of its own.
func inParallel<Element: Sendable, Result: Sendable>(
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
