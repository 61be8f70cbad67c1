// What 100,000 refreshes leave in the database: no row, and no byte after a checkpoint.

extension Case {
  static let growth = Case(name: "growth", about: "rows and bytes after 100,000 refreshes") { _ in
    let server = try SignetServer(settings: SignetServer.cheapHashing)
    let file = StoreFile(path: server.database)
    try server.addUser()
    // A round ends with requests under way, whose tokens are lost: each has sessions of its own, begun before.
    let rounds = try (0..<4).map { _ in try server.logIn(RefreshLoad.sessions).map(\.refresh) }
    let before = try file.size()
    var refreshes = 0
    for tokens in rounds where refreshes < 100_000 {
      refreshes += try Wrk.run(server.url, seconds: 6, script: RefreshLoad.script(tokens)).succeeded
    }
    let after = try file.size()
    return [
      Figure(name: "refreshes of the growth case", value: Double(refreshes), unit: "", target: .atLeast(100_000)),
      Figure(name: "rows they added", value: after.rows - before.rows, unit: "", target: .atMost(0)),
      Figure(name: "database before them", value: before.bytes / 1000, unit: "kB"),
      Figure(
        name: "database after them, checkpointed", value: after.bytes / 1000, unit: "kB",
        target: .atMost(before.bytes / 1000)),
    ]
  }
}
