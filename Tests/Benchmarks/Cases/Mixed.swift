// A mixed load: of ten requests seven refresh, two ask who they are and one logs in. The hashes bound it: what comes out
// at most is ten times what the hashing library does alone. wrk tells no request from another, so what each kind waits for
// is asked by a second wrk beside a second run.

extension Case {
  static let mixed = Case(name: "mixed", about: "70 % refresh, 20 % /v1/me, 10 % login") { machine in
    let server = try SignetServer()
    try server.addUser()
    let load = try Wrk.run(server.url, seconds: 10, script: script(try server.logIn(RefreshLoad.sessions)))
    let limit = Figure.Limit(name: "ten times Argon2id hashes/s", value: try await machine.hashing(seconds: 4) * 10)
    let (url, sessions) = (server.url, try server.logIn(2 * RefreshLoad.sessions))
    let beside = Task.detached {
      try Wrk.run(url, seconds: 13, script: script(Array(sessions[RefreshLoad.sessions...])))
    }
    let refreshes = RefreshLoad.script(sessions[..<RefreshLoad.sessions].map(\.refresh))
    let kinds = try [
      ("refresh", refreshes, 50), ("/v1/me", asking(sessions[0].access), 50), ("login", loggingIn, 500),
    ].map { (kind: $0.0, load: try Wrk.beside(url, seconds: 4, script: $0.1, pause: $0.2)) }
    _ = try await beside.value
    server.stop()
    return load.figures("mixed load", limit: limit)
      + kinds.map { Figure(name: "\($0.kind) in a mixed load, p99", value: $0.load.percentile99, unit: "ms") }
  }

  private static func asking(_ token: String) -> String {
    #"""
    local me = wrk.format("GET", "/v1/me", {Host = "127.0.0.1", Authorization = "Bearer \#(token)"})
    function request() return me end
    """#
  }

  private static let loggingIn = #"""
    local login = wrk.format(
      "POST", "/v1/login", {Host = "127.0.0.1", ["Content-Type"] = "application/json"}, '\#(SignetServer.credentials)')
    function request() return login end
    """#

  /// The requests of the three scripts in their shares.
  private static func script(_ sessions: [(access: String, refresh: String)]) -> String {
    """
    \(RefreshLoad.script(sessions.map(\.refresh)))
    local number, refresh = 0, request
    \(asking(sessions[0].access))
    local me = request
    \(loggingIn)
    local login = request
    function request()
      number = number % 10 + 1
      return number <= 7 and refresh() or number <= 9 and me() or login()
    end
    """
  }
}
