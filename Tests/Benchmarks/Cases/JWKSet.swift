// The JWK Set, which every verifier fetches.

extension Case {
  static let jwks = Case(name: "jwks", about: "GET /.well-known/jwks.json") { machine in
    let server = try SignetServer()
    let path = "/.well-known/jwks.json"
    let size = try HTTP.send(server.port, path).body.count
    let load = try Wrk.run(server.url + path, seconds: 6)
    server.stop()
    return load.figures("JWK Set", atLeast: 80_000, limit: try await machine.staticFile(bytes: size))
  }
}
