// Tokens for services that authenticate by a secret: no store, no hash worth naming, so the signature is what they cost.

import Counting

extension Case {
  static let clientCredentials = Case(
    name: "client-credentials", about: "POST /oauth2/token, grant client_credentials by client_secret_basic, ES256"
  ) { machine in
    let server = try SignetServer()
    let (id, secret) = try server.addService()
    let script = """
      wrk.method, wrk.body = "POST", "grant_type=client_credentials"
      wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
      wrk.headers["Authorization"] = "\(HTTPConnection.basic(id, secret))"
      """
    return try Wrk.run(server.url + "/oauth2/token", seconds: 5, script: script)
      .figures("client_credentials", atLeast: 20_000, limit: try await machine.signing())
  }
}
