// Refresh with rotation, durable, ES256.

extension Case {
  static let refresh = Case(name: "refresh", about: "refresh with rotation, ES256, durable") { machine in
    let server = try SignetServer()
    try server.addUser()
    let load = try RefreshLoad.run(server, seconds: 10)
    server.stop()
    let signing = try await machine.signing()
    let figures = load.figures("refresh with rotation", atLeast: 8000, limit: signing)
    return figures + [
      Figure(name: "refresh with rotation", value: load.rate, unit: "/s", limit: try await machine.commits())
    ]
  }
}
