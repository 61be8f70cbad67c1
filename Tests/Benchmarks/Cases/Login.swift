// Password login, beside what the hashing library does alone on as many threads.

extension Case {
  static let login = Case(name: "login", about: "POST /v1/login") { machine in
    // 64 logins from one address are more than one network's share of the queue on a slow machine; here all may wait.
    let server = try SignetServer(settings: ["SIGNET_HASHING_QUEUE": "1024", "SIGNET_HASHING_DEADLINE": "1m"])
    try server.addUser()
    let script = """
      wrk.method, wrk.headers["Content-Type"], wrk.body = "POST", "application/json", '\(SignetServer.credentials)'
      """
    // The library alone before and after: what the machine has to give may change meanwhile.
    let before = try await machine.hashing(seconds: 4)
    let load = try Wrk.run(server.url + "/v1/login", seconds: 8, script: script)
    server.stop()
    let after = try await machine.hashing(seconds: 4)
    let alone = Figure.Limit(
      name: "Argon2id hashes/s, \(machine.cores) threads, before and after", value: (before + after) / 2)
    return load.figures("login", atLeast: (alone.value * 0.95).rounded(.up), limit: alone)
  }
}
