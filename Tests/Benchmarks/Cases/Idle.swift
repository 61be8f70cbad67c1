// 10,000 connections that are kept and say nothing: what each costs, and what others notice of them.

extension Case {
  static let idle = Case(name: "idle", about: "10,000 idle connections, plain and TLS: memory, and the p99 beside them")
  {
    _ in
    try idle(secure: false) + idle(secure: true)
  }

  private static func idle(secure: Bool) throws -> [Figure] {
    let count = 10_000
    let folder = try TemporaryFolder()
    let server = try SignetServer(settings: try Certificate(in: folder).settings)
    // What the first requests need isn't the connections'.
    _ = try Wrk.run(server.url + "/.well-known/jwks.json", seconds: 1, connections: 8)
    _ = try Wrk.run(server.secureURL + "/.well-known/jwks.json", seconds: 1, connections: 8)
    let before = try server.residentMegabytes()
    let crowd = try Crowd(.idle, count, port: secure ? server.securePort : server.port, secure: secure)
    let each = (try server.residentMegabytes() - before) * 1_000_000 / 1024 / Double(count)
    let load = try Wrk.beside(server.url + "/.well-known/jwks.json", seconds: 5)
    try crowd.end()
    let name = "10,000 idle connections\(secure ? ", TLS" : "")"
    return [
      Figure(name: "\(name), resident memory each", value: each, unit: "KiB", target: .atMost(secure ? 32 : 8)),
      Figure(name: "\(name), JWK Set beside them, failed", value: Double(load.failed), unit: "", target: .atMost(0)),
      Figure(name: "\(name), JWK Set beside them, p99", value: load.percentile99, unit: "ms", target: .atMost(5)),
    ]
  }
}
