// Row-level security by a token's claims, as config/examples/postgresql-rls.sql and .py have it: in a real PostgreSQL, through
// the example's own functions and one connection, as a pool would give it to one user after the other.

import Foundation
import Testing

@Suite struct PostgresTests {
  @Test func rowsBelongToTheTokensUser() async throws {
    try await withDatabase { database in
      let server = database.server
      let reader = try await server.login("ada")
      let (ada, grace) = (try await database.writer("ada"), try await database.writer("grace"))
      let auditor = try await server.login("judge")
      #expect(ada.access != reader.access)
      try await database.expect(
        """
        ada, grace, reader, auditor = arguments
        say(all_rows())
        rls.add_order(connection, ada, "a1")
        rls.add_order(connection, ada, "a2")
        rls.add_order(connection, grace, "g1")
        say(rls.orders(connection, ada), rls.orders(connection, grace), rls.orders(connection, auditor))
        # The same connection, without claims: nothing is left of the transactions before.
        say(all_rows())
        refused(lambda: rls.add_order(connection, reader, "r"))
        refused(lambda: rls.add_order(connection, auditor, "r"))
        refused(lambda: connection.execute("insert into orders (owner, item) values ('x', 'y')"))
        say(rls.delete_orders(connection, reader), rls.delete_orders(connection, auditor))
        say(rls.delete_orders(connection, grace), rls.orders(connection, auditor))
        """, [ada.access, grace.access, reader.access, auditor.access],
        [
          "[]", "['a1', 'a2'] ['g1'] ['a1', 'a2', 'g1']", "[]", "InsufficientPrivilege", "InsufficientPrivilege",
          "InsufficientPrivilege", "0 0", "1 ['a1', 'a2']",
        ])
    }
  }

  @Test func nobodyGetsAtAnothersRows() async throws {
    try await withDatabase { database in
      let (ada, grace) = (try await database.writer("ada"), try await database.writer("grace"))
      let subject = try #require(try grace.claims["sub"]?.string)
      try await database.expect(
        """
        ada, grace, subject = arguments
        rls.add_order(connection, ada, "a1")
        rls.add_order(connection, grace, "g1")
        def attempt(statement, values=()):
            def run():
                with rls.transaction(connection, ada) as current:
                    say(current.execute(statement, values).rowcount)
            return run
        refused(attempt("insert into orders (owner, item) values (%s, 'x')", [subject]))
        refused(attempt("update orders set owner = %s", [subject]))
        attempt("update orders set item = 'x' where owner = %s", [subject])()
        attempt("delete from orders where item = 'g1'")()
        attempt("update orders set item = 'a2'")()
        for statement in ["alter table orders disable row level security", "drop policy own_orders on orders",
                          "set role orders_owner", "truncate orders", "set local row_security = off; table orders"]:
            refused(attempt(statement))
        # After a failed transaction, too, nothing is left.
        refused(attempt("select 1 / 0"))
        say(all_rows(), rls.orders(connection, ada), rls.orders(connection, grace))
        # The owner of the table is no exception.
        with superuser.transaction():
            superuser.execute("set local role orders_owner")
            say(superuser.execute("table orders").fetchall())
        """, [ada.access, grace.access, subject],
        ["InsufficientPrivilege", "InsufficientPrivilege", "0", "0", "1"]
          + Array(repeating: "InsufficientPrivilege", count: 5) + ["DivisionByZero", "[] ['a2'] ['g1']", "[]"])
    }
  }

  /// The service refuses bad tokens; and claims that it should not have handed over show nothing either.
  @Test func badTokensAndStaleClaimsShowNothing() async throws {
    try await withDatabase { database in
      let ada = try await database.writer("ada")
      let bad = try await Forger.taking(from: database.server).badTokens()
      let stale: [JSON] = [
        ["exp": 1], ["aud": "other"], ["aud": ["other"]], ["iss": "https://other.example.com"], ["iss": .null],
        ["exp": .null], ["aud": .null],
      ]
      try await database.expect(
        """
        import json, jwt
        good, bad, stale = arguments
        rls.add_order(connection, good, "a1")
        for what, token in json.loads(bad).items():
            try:
                rls.orders(connection, token)
                say("taken:", what)
            except jwt.PyJWTError:
                pass
        claims = rls.verified(good)
        def visible(changed):
            with connection.transaction():
                changed = json.dumps({**claims, **changed})
                connection.execute("select set_config('request.jwt.claims', %s, true)", [changed])
                return all_rows()
        say(visible({}), [visible(each) for each in json.loads(stale)])
        """, [ada.access, JSON.object(bad.mapValues { .string($0) }).text, JSON.array(stale).text],
        ["['a1'] \(String(describing: stale.map { _ in [String]() }))"])
    }
  }
}

/// A PostgreSQL with the example's database, for one Signet's tokens.
private struct Database: Sendable {
  let server: LiveServer
  /// The cluster, and the socket it listens on.
  let folder: Folder

  /// A user who may write orders: what a scope of the client says.
  func writer(_ name: String) async throws -> Tokens {
    try Tokens(
      try await server.post(
        "/v1/login",
        [
          "username": .string(name), "password": .string(goodPassword), "client_id": "shop", "scope": "orders:write",
        ]))
  }

  /// Runs Python beside the example, and expects what it says, line by line.
  func expect(_ script: String, _ arguments: [String], _ lines: [String]) async throws {
    let example = try GatewayExample.read(
      "postgresql-rls.py",
      [
        Change("host=/var/run/postgresql", "host=\(folder.path)")
      ], server, 0)
    try server.folder.write(example, to: "rls.py")
    let output = try await server.python(Self.beginning + script, [server.folder.path, folder.path] + arguments)
    #expect(output.split(separator: "\n").map(String.init) == lines)
  }

  private static let beginning = """
    import sys
    sys.path.insert(0, sys.argv[1])
    import psycopg, rls
    arguments = sys.argv[3:]
    connection = rls.connect()
    superuser = psycopg.connect(f"host={sys.argv[2]} dbname=orders user=postgres", autocommit=True)
    def say(*values): print(*values, flush=True)
    def all_rows(): return [item for item, in connection.execute("select item from orders order by id")]
    def refused(body):
        try:
            body()
            say("done")
        except psycopg.Error as error:
            say(type(error).__name__)

    """

  /// Makes a cluster and starts its server, which can't be root.
  static func start(_ server: LiveServer) async throws -> (Database, Child) {
    let folder = try Folder()
    let isRoot = geteuid() == 0
    if isRoot {
      guard let user = getpwnam("postgres"), chown(folder.path, user.pointee.pw_uid, user.pointee.pw_gid) == 0 else {
        throw HarnessError("no user postgres: make setup")
      }
    }
    func command(_ name: String, _ arguments: [String]) throws -> (String, [String]) {
      let program = try Programs.needed(name)
      // In a folder that this user may see.
      let other = ["--chdir=/", "setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", program]
      return isRoot ? ("/usr/bin/env", other + arguments) : (program, arguments)
    }
    let data = folder.path + "/data"
    let made = try command("initdb", ["-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"])
    let finished = try await Finished.run(made.0, made.1, folder: server.folder)
    guard finished.status == 0 else { throw HarnessError("initdb: \(finished)") }
    // No port, so none to share; no sync, since nothing is to survive.
    let options = ["-c", "listen_addresses=", "-c", "unix_socket_directories=\(folder.path)", "-F"]
    let run = try command("postgres", ["-D", data] + options)
    let child = try Child(run.0, run.1, folder: server.folder)
    return (Database(server: server, folder: folder), child)
  }

  /// Waits for the server and makes the example's database.
  func fill(_ child: Child) async throws {
    let psql = try Programs.needed("psql")
    func run(_ arguments: [String]) async throws -> Finished {
      try await Finished.run(
        psql, ["-X", "-q", "-h", folder.path, "-U", "postgres", "-v", "ON_ERROR_STOP=1"] + arguments,
        folder: server.folder)
    }
    try await eventually("PostgreSQL answers") {
      if let status = await child.exitStatus() { throw HarnessError("ended with \(status): \(child.standardError)") }
      return try await run(["-c", "create database orders"]).status == 0
    }
    let file = try server.folder.write(try GatewayExample.read("postgresql-rls.sql", [], server, 0), to: "rls.sql")
    let finished = try await run(["-d", "orders", "-1", "-f", file])
    guard finished.status == 0 else { throw HarnessError("postgresql-rls.sql: \(finished)") }
  }
}

/// Runs `body` with a Signet that has users, and a PostgreSQL with the example's database.
private func withDatabase(_ body: (Database) async throws -> Void) async throws {
  try await withServer { server in
    for name in ["ada", "grace"] { try await server.addUser(name) }
    try await server.addUser("judge", ["--role", "auditor"])
    try await server.addClient("shop", ["--scope", "orders:write"])
    let (database, child) = try await Database.start(server)
    let result = await Result<Void, any Error>.of {
      try await database.fill(child)
      try await body(database)
    }
    // At once, but with its own children.
    await child.signal(SIGQUIT)
    _ = try await child.end()
    if case .failure(let error) = result {
      throw HarnessError("\(error)\nPostgreSQL says:\n\(child.standardError.suffix(2000))")
    }
  }
}
