// A data folder with more sessions than anybody logs in: some whose tokens are known, the others copied by SQL.

/// A data folder that no server has open.
struct FilledStore {
  /// The tokens of the sessions that can be refreshed.
  let tokens: [String]
  /// Bytes of the database that each copied session took, with its part of the index.
  let bytesEach: Double
  private let folder: TemporaryFolder

  /// - Parameters:
  ///   - count: sessions that are logged in.
  ///   - others: sessions that are copied from one of them.
  ///   - changes: SQL for columns in which the copies differ.
  init(tokens count: Int, others: Int = 0, changes: [String: String] = [:]) throws {
    folder = try TemporaryFolder()
    let server = try SignetServer(on: folder, settings: SignetServer.cheapHashing)
    try server.addUser()
    tokens = try server.logIn(count).map(\.refresh)
    server.stop()
    bytesEach = others > 0 ? try StoreFile(path: server.database).addSessions(others, changes: changes) : 0
  }

  /// Starts a server on it.
  func serve() throws -> SignetServer { try SignetServer(on: folder, settings: SignetServer.cheapHashing) }
}
