// A mixed load: of ten requests seven refresh, two ask who they are and one logs in. The hashes bound it: what comes out at
// most is ten times what the hashing library does alone.

extension Case {
  static let mixed = Case(name: "mixed", about: "70 % refresh, 20 % /v1/me, 10 % login") { machine in
    let server = try SignetServer()
    try server.addUser()
    let sessions = try server.logIn(RefreshLoad.sessions)
    let load = try Wrk.run(server.url, seconds: 10, script: script(sessions))
    server.stop()
    let limit = Figure.Limit(name: "ten times Argon2id hashes/s", value: try await machine.hashing(seconds: 4) * 10)
    return load.figures("mixed load", limit: limit)
  }

  /// The script of refreshing, in which some requests are others.
  private static func script(_ sessions: [(access: String, refresh: String)]) -> String {
    """
    \(RefreshLoad.script(sessions.map(\.refresh)))
    local number, refresh = 0, request
    local me = wrk.format("GET", "/v1/me", {Host = "127.0.0.1", Authorization = "Bearer \(sessions[0].access)"})
    local login = wrk.format(
      "POST", "/v1/login", {Host = "127.0.0.1", ["Content-Type"] = "application/json"}, '\(SignetServer.credentials)')
    function request()
      number = number % 10 + 1
      return number <= 7 and refresh() or number <= 9 and me or login
    end
    """
  }
}
