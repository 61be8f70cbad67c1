// A listening socket of the tests: to find a free port, and to play a server that behaves badly on purpose.

import Foundation

/// A socket that listens on a free port of 127.0.0.1.
final class Listener: Sendable {
  let port: Int
  private let descriptor: Int32

  init() throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let descriptor = descriptor
    let failed = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, length) != 0 || listen(descriptor, 64) != 0 || getsockname(descriptor, $0, &length) != 0
      }
    }
    guard !failed else { throw HarnessError("can't listen: \(String(cString: strerror(errno)))") }
    port = Int(UInt16(bigEndian: address.sin_port))
  }

  deinit { close(descriptor) }

  /// The next connection; nil once `end` was called.
  func next() -> Connection? {
    // Glibc's module has no accept4.
    let accepted = accept(descriptor, nil, nil)
    guard accepted >= 0 else { return nil }
    _ = fcntl(accepted, F_SETFD, FD_CLOEXEC)
    return Connection(accepted: accepted)
  }

  /// Lets nobody in any more.
  func end() { shutdown(descriptor, Int32(SHUT_RDWR)) }
}
