// An access token checked, its session and user read: GET /v1/me.

extension Case {
  static let me = Case(name: "me", about: "GET /v1/me with an access token") { _ in
    let server = try SignetServer()
    try server.addUser()
    let token = try server.logIn(1).first?.access ?? ""
    let script = #"wrk.headers["Authorization"] = "Bearer \#(token)""#
    return try Wrk.run(server.url + "/v1/me", seconds: 5, script: script).figures("/v1/me", atLeast: 15_000)
  }
}
