// HAProxy or nginx in front of a server, with the very file of config/ that operators copy, its addresses replaced.
//
// Neither takes port 0, so a free one is looked for, and another when somebody else was faster. Both run in the
// foreground as one process, so that ending it ends everything; neither needs to be root.

import Foundation
import Testing

/// A running proxy.
struct Proxy: Sendable {
  /// `nginx` takes a body in whole before it asks Signet; `nginxUnbuffered` passes it on as it comes, like `haproxy`.
  enum Kind: String, CaseIterable, Sendable { case haproxy, nginx, nginxUnbuffered }

  let kind: Kind
  let child: Child
  let port: Int
  private let requests: String

  /// Starts one and waits until it answers.
  /// - Parameter changes: what else to replace in the sample; `{port}` in it is the proxy's.
  static func start(_ kind: Kind, before port: Int, _ changes: [Change] = [], folder: Folder) async throws -> Proxy {
    for _ in 0..<5 {
      let own = try freePort()
      let sample = try ProxySample(kind, port: own, server: port, changes, folder: folder)
      let child = try Child(sample.program, sample.arguments, folder: folder)
      let proxy = Proxy(kind: kind, child: child, port: own, requests: sample.requests ?? child.output)
      if try await proxy.isReady() { return proxy }
      await child.destroy()
      guard child.standardError.lowercased().contains("bind") else {
        throw HarnessError("\(kind) ended at its start: \(child.standardError)")
      }
    }
    throw HarnessError("no free port for \(kind)")
  }

  /// False when it ended. Only what it logs itself shows that nobody else answers on this port.
  private func isReady() async throws -> Bool {
    try await eventually("\(kind) listens") {
      if await child.exitStatus() != nil { return false }
      _ = try? await blocking { [port] in
        let connection = try Connection(port: port)
        try connection.send(Request("GET", "/ready").bytes)
        _ = try connection.answer()
      }
      return text.contains("GET /ready ") ? true : nil
    }
  }

  private var text: String { LiveTests.text(ofFile: requests) }

  /// What it took for a request, so far.
  var lines: [Line] { text.split(separator: "\n").compactMap(Line.init) }

  /// A line of its log: `[time] client id status duration "request" who-answered` in both samples.
  struct Line: Sendable {
    let client: String, id: String, status: Int
    /// The request line as it came.
    let request: String
    /// Whether Signet got it; false when the proxy answered by itself.
    let isForwarded: Bool

    init?(_ text: Substring) {
      let parts = text.split(separator: " ", maxSplits: 5)
      guard parts.count == 6, parts[0].hasPrefix("["), let status = Int(parts[3]),
        let end = parts[5].lastIndex(of: "\"")
      else { return nil }
      client = String(parts[1])
      id = String(parts[2])
      self.status = status
      request = String(parts[5][..<end].dropFirst())
      isForwarded = !["\" -", "\" <NOSRV>"].contains(parts[5][end...])
    }
  }

  /// A port that was free a moment ago.
  private static func freePort() throws -> Int {
    let listener = try Listener()
    return listener.port
  }
}

/// Runs `body` with a proxy in front of a server, which is destroyed afterwards.
func withProxy(
  _ kind: Proxy.Kind, _ server: LiveServer, _ changes: [Change] = [], _ body: (Proxy) async throws -> Void
) async throws {
  let proxy = try await Proxy.start(kind, before: server.port, changes, folder: server.folder)
  do {
    try await body(proxy)
    await proxy.child.destroy()
  } catch {
    await proxy.child.destroy()
    throw HarnessError("\(error)\n\(kind) says:\n\(proxy.child.standardError.suffix(2000))")
  }
}

extension Trait where Self == ConditionTrait {
  /// Skips, and says so, without the proxies.
  static var needsProxies: Self {
    .enabled(
      if: Programs.haproxy != nil && Programs.nginx != nil, "SKIPPED: haproxy or nginx is missing (make setup)")
  }
}
