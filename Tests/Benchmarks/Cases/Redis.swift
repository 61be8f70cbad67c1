// From the request that ends a session until another process hears of it through Redis.

import Counting
import Foundation

extension Case {
  static let redis = Case(name: "redis", about: "From a logout to a subscriber of Redis's channel") { _ in
    guard Command.exists("redis-server") else { return [] }
    let folder = try TemporaryFolder()
    let redis = try RedisProcess(folder)
    let settings = SignetServer.cheapHashing.merging(["SIGNET_REDIS_URL": "unix://\(redis.socket)"]) { $1 }
    let server = try SignetServer(settings: settings)
    try server.addUser()
    let sessions = try server.logIn(2000)
    let listener = try Subscriber(redis.socket)
    let connection = try HTTPConnection(port: server.port)
    var times: [Double] = []
    for session in sessions {
      let start = DispatchTime.now().uptimeNanoseconds
      let answer = try connection.send("/v1/logout", json: #"{"refresh_token":"\#(session.refresh)"}"#)
      guard answer.status == 204 else { throw Failure("logout: \(answer.status)") }
      try listener.next()
      times.append(Double(DispatchTime.now().uptimeNanoseconds - start) / 1e6)
    }
    times.sort()
    return [
      Figure(name: "logout until a subscriber of Redis has it, p50", value: times[times.count / 2], unit: "ms"),
      Figure(
        name: "logout until a subscriber of Redis has it, p99", value: times[times.count * 99 / 100], unit: "ms",
        target: .atMost(100)),
    ]
  }
}

/// A running redis-server, ended with its owner.
private final class RedisProcess {
  let socket: String
  private let process = Process()

  init(_ folder: TemporaryFolder) throws {
    socket = folder.path + "/redis.sock"
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["redis-server", "--port", "0", "--unixsocket", socket, "--save", "", "--appendonly", "no"]
    process.environment = Command.clean
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    for _ in 0..<500 where !FileManager.default.fileExists(atPath: socket) { usleep(10_000) }
  }

  deinit {
    // The threads on which tasks go on have SIGTERM blocked, and what they start inherits that: after a case that has waited
    // for something, redis-server would never hear of it. It holds nothing that is worth more than a kill.
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }
}

/// A connection that is subscribed to the channel.
private final class Subscriber {
  private let descriptor: Int32
  private var pending = 0

  init(_ path: String) throws {
    descriptor = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    var name = sockaddr_un()
    name.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: path.utf8) }
    let isConnected = withUnsafeBytes(of: name) { raw in
      connect(descriptor, raw.baseAddress?.assumingMemoryBound(to: sockaddr.self), socklen_t(raw.count)) == 0
    }
    guard isConnected else { throw Failure("redis-server can't be reached") }
    let words = Array("SUBSCRIBE signet:denied\r\n".utf8)
    guard write(descriptor, words, words.count) == words.count else { throw Failure("redis-server doesn't listen") }
    _ = try read()
  }

  deinit { close(descriptor) }

  /// Waits for one message.
  func next() throws {
    while pending == 0 { pending += try read().split(whereSeparator: \.isNewline).filter { $0.hasPrefix("{") }.count }
    pending -= 1
  }

  /// Messages are far smaller than a socket's buffer, so they come whole.
  private func read() throws -> String {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    let count = Glibc.read(descriptor, &buffer, buffer.count)
    guard count > 0 else { throw Failure("redis-server has ended the connection") }
    return String(decoding: buffer[..<count], as: UTF8.self)
  }
}
