// Debian's redis-server on a Unix socket of its own, and redis-cli as the reader that isn't ours.

import Foundation

/// A running Redis, which keeps nothing on a disk.
struct RedisServer: Sendable {
  let child: Child
  let socket: String
  private let folder: Folder

  /// Starts one and waits until it answers.
  /// - Parameter password: of its default user.
  static func start(_ folder: Folder, password: String? = nil, _ arguments: [String] = []) async throws -> RedisServer {
    let socket = folder.path + "/redis.sock"
    let options = ["--port", "0", "--unixsocket", socket, "--save", "", "--appendonly", "no", "--dir", folder.path]
    let credentials = password.map { ["--requirepass", $0] } ?? []
    let child = try Child("redis-server", options + credentials + arguments, folder: folder)
    let server = RedisServer(child: child, socket: socket, folder: folder)
    try await eventually("Redis answers") {
      if await child.exitStatus() != nil { throw HarnessError("redis-server: \(child.standardOutput)") }
      return try await server.run(["PING"], password: password) == "PONG"
    }
    return server
  }

  var url: String { "unix://\(socket)" }

  /// What redis-cli prints, without the line feed at its end.
  func run(_ words: [String], password: String? = nil) async throws -> String {
    let environment = password.map { ["REDISCLI_AUTH": $0] } ?? [:]
    let finished = try await Finished.run(
      "redis-cli", ["-s", socket] + words, environment: environment, folder: folder)
    return finished.output.trimmingCharacters(in: .newlines)
  }

  /// Whether a service that looks there would refuse tokens of this session, or of this `jti`.
  func denies(_ name: String) async throws -> Bool { try await run(["EXISTS", "signet:denied:\(name)"]) == "1" }

  func kill() async { await child.destroy() }
}
