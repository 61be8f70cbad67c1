// 5,000 clients that are slow on purpose, opened anew whenever the server closes one: what others notice of them.

extension Case {
  static let slow = Case(name: "slow", about: "5,000 clients at one byte a second: failures and p99 of the others") {
    _ in
    let folder = try TemporaryFolder()
    let settings = try Certificate(in: folder).settings
    let plain = try await slow("heads", .head, settings) + slow("bodies", .body, settings)
    return try await plain + slow("readers", .reading, settings) + slow("heads, TLS", .head, settings, secure: true)
  }

  private static func slow(
    _ what: String, _ kind: Crowd.Kind, _ settings: [String: String], secure: Bool = false
  ) async throws -> [Figure] {
    let server = try SignetServer(settings: settings)
    let crowd = try Crowd(kind, 5000, port: secure ? server.securePort : server.port, secure: secure)
    // What the readers asked for takes the server a moment: until it is answered they are many, not slow.
    if kind == .reading { try await Task.sleep(for: .seconds(5)) }
    // Longer than the deadline of a head, so that the server has closed all of them once.
    let load = try Wrk.beside(server.url + "/.well-known/jwks.json", seconds: 15)
    try crowd.end()
    return [
      Figure(name: "5,000 slow \(what): others, failed", value: Double(load.failed), unit: "", target: .atMost(0)),
      Figure(name: "5,000 slow \(what): others, p99", value: load.percentile99, unit: "ms", target: .atMost(20)),
    ]
  }
}
