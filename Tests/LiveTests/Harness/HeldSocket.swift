// What a supervisor does for a server: holds its listening socket, and hears what it tells.

import Foundation

/// A listening socket on 127.0.0.1 that outlives the servers it is handed to.
final class HeldSocket: Sendable {
  /// Far from the numbers that a child gets.
  let descriptor: Int32
  let port: Int

  init() throws {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var name = sockaddr_in()
    name.sin_family = sa_family_t(AF_INET)
    name.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutableBytes(of: &name) { raw in
      guard let address = raw.baseAddress?.assumingMemoryBound(to: sockaddr.self) else { return false }
      return bind(listener, address, length) == 0 && listen(listener, 4096) == 0
        && getsockname(listener, address, &length) == 0
    }
    guard isBound else { throw HarnessError("can't listen: \(String(cString: strerror(errno)))") }
    port = Int(UInt16(bigEndian: name.sin_port))
    descriptor = fcntl(listener, F_DUPFD_CLOEXEC, 100)
    close(listener)
  }

  deinit { close(descriptor) }

  /// Starts a server which finds the socket at descriptor 3; it listens when this returns.
  func serve(_ settings: [String] = [], folder: Folder, arguments: [String] = []) async throws -> LiveServer {
    let all = LiveServer.fast + ["listen=127.0.0.1:\(port)", "admin.listen=127.0.0.1:0"] + settings
    let child = try start(all, folder: folder)
    do {
      let operators = try await eventually("the server listens") {
        if let status = await child.exitStatus() { throw HarnessError("ended with \(status): \(child.standardError)") }
        return child.standardOutput.contains("operators on ")
          ? child.standardOutput.split(separator: "\n").last?.split(separator: ":").last.flatMap { Int($0) } : nil
      }
      return LiveServer(
        folder: folder, child: child, port: port, operators: operators, settings: LiveServer.fast + settings,
        environment: [:])
    } catch {
      await child.destroy()
      throw error
    }
  }

  /// Starts `signet serve` with the socket at descriptor 3, by a shell which knows the server's process id as its own.
  func start(_ settings: [String], count: String = "1", folder: Folder) throws -> Child {
    let flags = ["serve", "--data", folder.path + "/data"] + settings.flatMap { ["--set", $0] }
    return try Child(
      "/bin/sh", ["-c", "LISTEN_PID=$$ exec \"$0\" \"$@\"", Programs.signet] + flags,
      environment: ["LISTEN_FDS": count], descriptors: [descriptor], folder: folder)
  }
}

/// The socket that NOTIFY_SOCKET names.
final class NotifySocket: Sendable {
  private let descriptor: Int32

  /// - Parameter name: a path, or `@` and a name without a file.
  init(_ name: String) throws {
    descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var patience = timeval(tv_sec: 60, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { bytes in
      bytes.copyBytes(from: name.utf8)
      if name.hasPrefix("@") { bytes[0] = 0 }
    }
    let descriptor = descriptor
    let result = withUnsafeBytes(of: address) { raw in
      raw.baseAddress.map {
        bind(descriptor, $0.assumingMemoryBound(to: sockaddr.self), socklen_t(2 + name.utf8.count))
      }
    }
    guard result == 0 else { throw HarnessError("can't bind \(name): \(String(cString: strerror(errno)))") }
  }

  deinit { close(descriptor) }

  /// The next message.
  func next() async throws -> String {
    try await blocking {
      var buffer = [UInt8](repeating: 0, count: 4096)
      let count = recv(self.descriptor, &buffer, buffer.count, 0)
      guard count > 0 else { throw HarnessError("no message: \(String(cString: strerror(errno)))") }
      return String(decoding: buffer[..<count], as: UTF8.self)
    }
  }
}
