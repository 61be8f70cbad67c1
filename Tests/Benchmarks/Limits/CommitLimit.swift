// SQLite alone: transactions of 64 rotations, the most that 64 connections can make of a batch, each committed durably.

import SQLite

extension Machine {
  func commits() async throws -> Figure.Limit {
    try await once("SQLite updates/s, 64 a commit") {
      let server = try SignetServer(settings: SignetServer.cheapHashing)
      try server.addUser()
      _ = try server.logIn(RefreshLoad.sessions)
      server.stop()
      let rotation = try Rotation(path: server.database)
      return try Machine.rate(seconds: 3) { try rotation.commit(64) } * 64
    }
  }
}
