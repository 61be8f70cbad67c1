// Resident memory: idle after the first answer, and after every kind of load.

extension Case {
  static let memory = Case(name: "memory", about: "resident memory, idle and after load") { _ in
    let server = try SignetServer()
    try server.addUser()
    _ = try HTTP.send(server.port, "/.well-known/jwks.json")
    let idle = try server.residentMegabytes()
    _ = try Wrk.run(server.url + "/.well-known/jwks.json", seconds: 2)
    _ = try RefreshLoad.run(server, seconds: 4)
    let loaded = try server.residentMegabytes()
    return [
      Figure(name: "resident memory, idle", value: idle, unit: "MB", target: .atMost(25)),
      Figure(name: "resident memory after load", value: loaded, unit: "MB"),
    ]
  }
}
