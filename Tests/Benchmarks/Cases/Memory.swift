// Resident memory: idle after the first answer, and while a thousand connections refresh.

import Counting

extension Case {
  static let memory = Case(name: "memory", about: "resident memory, idle and under load") { _ in
    let server = try SignetServer()
    try server.addUser()
    _ = try HTTPConnection.send(server.port, "/.well-known/jwks.json")
    let idle = try server.residentMegabytes()
    server.stop()
    // The arenas of the hashes come on top, 19 MiB for each thread: with cheap ones what is left is the server's own.
    let busy = try SignetServer(on: server.folder, settings: SignetServer.cheapHashing)
    let load = try RefreshLoad.run(busy, seconds: 5, connections: 1000)
    let loaded = try busy.largestMegabytes()
    return [
      Figure(name: "resident memory, idle", value: idle, unit: "MB", target: .atMost(15)),
      Figure(
        name: "resident memory at most, 1,000 connections refreshing", value: loaded, unit: "MB", target: .atMost(60)),
      Figure(name: "refreshes meanwhile", value: load.rate, unit: "/s"),
    ]
  }
}
