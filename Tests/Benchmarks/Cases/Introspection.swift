// What services and gateways ask of each request: introspection of a JWT and of a reference token, and /v1/verify. A thousand
// sessions' tokens in turn, as each comes with many requests of its page.

import Counting

extension Case {
  private static let tokensInTurn = 1000

  static let introspection = Case(
    name: "introspection", about: "POST /oauth2/introspect of JWTs and of reference tokens, 1,000 in turn"
  ) { _ in
    var figures: [Figure] = []
    for form in ["jwt", "reference"] {
      let folder = try TemporaryFolder()
      try SignetServer.addClient("app", ["--token-form", form], in: folder)
      let server = try SignetServer(on: folder, settings: SignetServer.cheapHashing)
      try server.addUser()
      let (id, secret) = try server.addService()
      let tokens = try server.logIn(tokensInTurn, client: "app").map(\.access)
      let script = """
        local tokens, asked = {\(tokens.map { "\"\($0)\"" }.joined(separator: ","))}, 0
        wrk.method, wrk.path = "POST", "/oauth2/introspect"
        wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
        wrk.headers["Authorization"] = "\(HTTPConnection.basic(id, secret))"
        function request()
          asked = asked % #tokens + 1
          return wrk.format(nil, nil, nil, "token=" .. tokens[asked])
        end
        """
      figures += try Wrk.run(server.url, seconds: 5, script: script)
        .figures("introspection, \(form)", atLeast: form == "jwt" ? 15_000 : nil)
    }
    return figures
  }

  static let verify = Case(name: "verify", about: "GET /v1/verify as gateways ask it, 1,000 tokens in turn") { _ in
    let server = try SignetServer(settings: SignetServer.cheapHashing)
    try server.addUser()
    let tokens = try server.logIn(tokensInTurn).map(\.access)
    let script = """
      local tokens, asked = {\(tokens.map { "\"Bearer \($0)\"" }.joined(separator: ","))}, 0
      function request()
        asked = asked % #tokens + 1
        wrk.headers["Authorization"] = tokens[asked]
        return wrk.format("GET", "/v1/verify")
      end
      """
    return try Wrk.run(server.url, seconds: 5, script: script).figures("/v1/verify", atLeast: 15_000)
  }
}
