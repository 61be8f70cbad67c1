// Refresh with rotation, durable, ES256: beside its parts, and in turns with a process that does nothing else.

extension Case {
  static let refresh = Case(name: "refresh", about: "refresh with rotation, ES256, durable") { machine in
    let server = try SignetServer(settings: SignetServer.cheapHashing)
    try server.addUser()
    let tokens = try server.logIn(RefreshLoad.sessions).map(\.refresh)
    let before = try server.processorTime()
    let load = try Wrk.run(server.url, seconds: 10, script: RefreshLoad.script(tokens))
    let each = (try server.processorTime() - before) / Double(max(load.succeeded, 1)) * 1e6
    let bare = try Bare()
    let turns = try Turns({ try RefreshLoad.run(server, seconds: 4).rate }, { try bare.rate(seconds: 4) })
    server.stop()
    let name = "refresh with rotation"
    return load.figures(name, atLeast: 20_000, p99: 15, limit: try await machine.signing()) + [
      Figure(name: name, value: load.rate, unit: "/s", limit: try await machine.commits()),
      turns.figure(name, beside: "read, sign, UPDATE and answer alone/s", atLeast: 0.6),
      Figure(name: "\(name), the server's processor time", value: each, unit: "us", target: .atMost(75)),
    ]
  }
}
