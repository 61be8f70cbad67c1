// Refresh during a flood of logins, four times as many as can be hashed: what those who are logged in notice of it.

extension Case {
  static let flood = Case(name: "flood", about: "refresh during four times the logins that can be hashed") { machine in
    let server = try SignetServer()
    try server.addUser()
    let tokens = try server.logIn(RefreshLoad.sessions).map(\.refresh)
    let hashing = try await machine.hashing(seconds: 4)
    let before = try Wrk.run(server.url, seconds: 4, script: paced(tokens), connections: 8)
    let fresh = try server.logIn(RefreshLoad.sessions).map(\.refresh)
    let (flood, load) = try LoginFlood.run(server, rate: hashing * 4) {
      try Wrk.run(server.url, seconds: 12, script: paced(fresh), connections: 8)
    }
    let name = "refresh during a login flood"
    let limit = Figure.Limit(name: "Argon2id hashes/s, \(machine.cores) threads", value: hashing)
    return [
      Figure(name: "refresh before a login flood, p99", value: before.percentile99, unit: "ms"),
      Figure(name: "\(name), p99", value: load.percentile99, unit: "ms", target: .atMost(25)),
      Figure(name: "\(name), failed", value: Double(load.failed), unit: "", target: .atMost(0)),
      // The refreshes and the clients have their part of the cores.
      Figure(
        name: "logins answered in a flood", value: flood.rate, unit: "/s", target: .atLeast(hashing * 0.85),
        limit: limit),
      Figure(name: "logins refused in a flood", value: Double(flood.refused), unit: ""),
      Figure(name: "logins refused in a flood, p99", value: flood.refusal99, unit: "ms", target: .atMost(50)),
      Figure(name: "logins neither answered nor refused", value: Double(flood.failed), unit: "", target: .atMost(0)),
    ]
  }

  /// 400 refreshes a second; see `Wrk.beside`. More would take much of the cores from the hashes, which come last: alone in
  /// its batch a refresh costs several times as much.
  private static func paced(_ tokens: [String]) -> String {
    RefreshLoad.script(tokens) + "\nfunction delay() return 20 end\n"
  }
}
