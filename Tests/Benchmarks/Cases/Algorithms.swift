// Refresh with the other signatures that clients may choose, and over one connection and a thousand.

extension Case {
  static let algorithms = Case(name: "algorithms", about: "refresh with rotation, RS256 and EdDSA") { _ in
    try [("RS256", "rsa2048"), ("EdDSA", "ed25519")].flatMap { (algorithm, name) in
      let limit = Figure.Limit(
        name: "openssl speed \(name), signatures/s, one core", value: try OpenSSLSpeed(name).signing)
      return try load(["SIGNET_TOKEN_ALGORITHM": algorithm]).figures("refresh, \(algorithm)", limit: limit)
    }
  }

  static let connections = Case(name: "connections", about: "refresh over 1, 64 and 1,000 connections") { _ in
    try [1, 64, 1000].flatMap { count in
      try load(connections: count).figures("refresh, connections: \(Figure.text(Double(count)))")
    }
  }

  private static func load(_ settings: [String: String] = [:], connections: Int = Wrk.connections) throws -> Wrk {
    let server = try SignetServer(settings: SignetServer.cheapHashing.merging(settings) { $1 })
    try server.addUser()
    return try RefreshLoad.run(server, seconds: 5, connections: connections)
  }
}
