// The real executable, listening on ports of its own choice over a data folder of its own.

import Foundation

/// A running server and its data folder.
struct LiveServer: Sendable {
  /// Everything of this server: data folder, outputs.
  let folder: Folder
  let child: Child
  /// The ports of the public and the operators' listener.
  let port: Int, operators: Int
  /// The settings that the commands beside it get too.
  let settings: [String]
  let environment: [String: String]

  var data: String { folder.path + "/data" }
  var issuer: String { "http://127.0.0.1:\(port)" }

  /// Password hashes as cheap as the settings allow.
  static let fast = ["password.memory_kib=8", "password.iterations=1"]
  static let anyPort = ["listen=127.0.0.1:0", "admin.listen=127.0.0.1:0"]

  /// Starts a server and waits until it listens.
  static func start(
    _ settings: [String] = [], environment: [String: String] = [:], folder: Folder? = nil, arguments: [String] = []
  ) async throws -> LiveServer {
    let folder = try folder ?? Folder()
    let all = fast + anyPort + settings
    let flags = ["serve", "--data", folder.path + "/data"] + all.flatMap { ["--set", $0] } + arguments
    let child = try Child(Programs.signet, flags, environment: environment, folder: folder)
    do {
      let ports = try await eventually("the server listens") { try await Self.ports(child) }
      return LiveServer(
        folder: folder, child: child, port: ports.0, operators: ports.1, settings: fast + settings,
        environment: environment)
    } catch {
      await child.destroy()
      throw error
    }
  }

  private static func ports(_ child: Child) async throws -> (Int, Int)? {
    if let status = await child.exitStatus() {
      throw HarnessError("the server ended at its start with \(status): \(child.standardError)")
    }
    let lines = child.standardOutput.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
    func port(_ beginning: String) -> Int? {
      lines.first { $0.hasPrefix(beginning) }?.split(separator: ":").last.flatMap { Int($0) }
    }
    guard let first = port("listening on http://"), let second = port("operators on http://") else { return nil }
    return (first, second)
  }

  /// Stops it and starts another on the same data folder.
  func restart(_ settings: [String]? = nil, signal: Int32 = SIGTERM) async throws -> LiveServer {
    await child.signal(signal)
    _ = try await child.end()
    return try await .start(settings ?? self.settings, environment: environment, folder: folder)
  }

  /// Runs a command on the server's data folder.
  func command(_ arguments: [String], input: String? = nil) async throws -> Finished {
    let flags = ["--data", data] + settings.flatMap { ["--set", $0] }
    return try await Finished.run(
      Programs.signet, arguments + flags, environment: environment, input: input, folder: folder)
  }

  /// Runs a command which must succeed; its standard output.
  @discardableResult
  func done(_ arguments: [String], input: String? = nil) async throws -> String {
    let finished = try await command(arguments, input: input)
    guard finished.status == 0 else { throw HarnessError("signet \(arguments): \(finished)") }
    return finished.output
  }

  /// The log so far, one JSON object a line.
  var log: String { child.standardError }

  /// The audit trail.
  func audit() async throws -> [JSON] { try JSON(try await done(["audit", "list", "--json"])).array ?? [] }

  /// What the metrics say.
  func metrics() async throws -> String { try await send(Request("GET", "/metrics"), port: operators).text }
}

/// Runs `body` with a new server, which is destroyed afterwards.
func withServer(
  _ settings: [String] = [], environment: [String: String] = [:], folder: Folder? = nil, arguments: [String] = [],
  _ body: (LiveServer) async throws -> Void
) async throws {
  await Places.servers.take()
  do {
    let server = try await LiveServer.start(
      settings, environment: environment, folder: folder, arguments: arguments)
    do {
      try await body(server)
      await server.child.destroy()
    } catch {
      await server.child.destroy()
      throw HarnessError("\(error)\nthe server's log ends with:\n\(server.log.suffix(2000))")
    }
  } catch {
    await Places.servers.give()
    throw error
  }
  await Places.servers.give()
}
