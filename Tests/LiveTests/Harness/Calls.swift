// What the tests ask of a server, in one line each.

import Foundation

/// The password of the tests' users.
let goodPassword = "correct horse battery staple"

extension LiveServer {
  /// Sends one request on a connection of its own.
  func send(_ request: Request, port: Int? = nil) async throws -> Answer {
    let target = port ?? self.port
    return try await blocking {
      let connection = try Connection(port: target)
      try connection.send(request.bytes)
      return try connection.answer(bodiless: request.method == "HEAD")
    }
  }

  func get(_ path: String, bearer: String? = nil) async throws -> Answer {
    try await send(bearer.map { Request.bearer("GET", path, $0) } ?? Request("GET", path))
  }

  func post(_ path: String, _ body: JSON, bearer: String? = nil) async throws -> Answer {
    try await send(.json(path, body, bearer: bearer))
  }

  /// Adds a user by the command; the user's id.
  @discardableResult
  func addUser(_ name: String = "ada", password: String = goodPassword, _ options: [String] = []) async throws -> String
  {
    let output = try await done(["user", "add", name, "--password-stdin", "--json"] + options, input: password + "\n")
    guard let id = try JSON(output)["id"]?.string else { throw HarnessError("no id in \(output)") }
    return id
  }

  /// Logs in; the answer must be tokens.
  func login(_ name: String = "ada", password: String = goodPassword) async throws -> Tokens {
    try Tokens(try await tryLogin(name, password: password))
  }

  func tryLogin(_ name: String = "ada", password: String = goodPassword) async throws -> Answer {
    try await post("/v1/login", ["username": .string(name), "password": .string(password)])
  }

  /// Refreshes; the answer must be tokens.
  func refresh(_ token: String) async throws -> Tokens { try Tokens(try await tryRefresh(token)) }

  func tryRefresh(_ token: String) async throws -> Answer {
    try await post("/v1/refresh", ["refresh_token": .string(token)])
  }

  /// Refreshes the same session so many times; the last tokens.
  func rotate(_ tokens: Tokens, times: Int) async throws -> Tokens {
    var tokens = tokens
    for _ in 0..<times { tokens = try await refresh(tokens.refresh) }
    return tokens
  }

  /// Whether an access token is good at Signet itself.
  func isGood(_ access: String) async throws -> Bool { try await get("/v1/me", bearer: access).status == 200 }

  /// Runs SQL on the database beside the server, by SQLite as Python has it; rows as lines, columns between bars.
  @discardableResult
  func sql(_ statement: String) async throws -> String {
    let script = """
      import sqlite3, sys
      connection = sqlite3.connect(sys.argv[1], timeout=30)
      for row in connection.execute(sys.argv[2]).fetchall(): print("|".join(map(str, row)))
      connection.commit()
      """
    let finished = try await Finished.run(
      Programs.python ?? "python3", ["-c", script, data + "/signet.db", statement], folder: folder)
    guard finished.status == 0 else { throw HarnessError("\(statement): \(finished)") }
    return finished.output
  }

  /// Runs a Python script with its arguments in `sys.argv[1:]`; its standard output.
  func python(_ script: String, _ arguments: [String]) async throws -> String {
    guard let python = Programs.python else { throw HarnessError("SIGNET_PYTHON isn't set") }
    let finished = try await Finished.run(python, ["-c", script] + arguments, folder: folder)
    guard finished.status == 0 else { throw HarnessError("python: \(finished)") }
    return finished.output
  }
}
