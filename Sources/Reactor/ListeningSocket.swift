// One listening descriptor for each address: never `SO_REUSEPORT`, under which a second process would bind the same
// port in silence and a closing one would drop its backlog.

import CLinux
import Glibc

/// A bound and listening socket, on no loop yet.
package struct ListeningSocket: Sendable {
  let descriptor: Int32
  /// Where it listens, with the port it was given.
  package let bound: BoundAddress

  /// Binds and listens.
  package init(_ address: ListenAddress) throws(ListenError) {
    let family = address.family == .ipv4 ? AF_INET : AF_INET6
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    descriptor = socket(family, kind, 0)
    guard descriptor >= 0 else { throw .failed(address.description, call: "socket", errno: errno) }
    do {
      try Self.open(descriptor, address)
    } catch {
      close(descriptor)
      throw error
    }
    bound = BoundAddress(host: address.host, port: Self.port(descriptor))
  }

  private static func open(_ descriptor: Int32, _ address: ListenAddress) throws(ListenError) {
    // A restart must not wait for the last process's connections to time out.
    var on: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
    guard bind(descriptor, address) == 0 else { throw error(errno, address, call: "bind") }
    guard listen(descriptor, SOMAXCONN) == 0 else { throw error(errno, address, call: "listen") }
  }

  private static func bind(_ descriptor: Int32, _ address: ListenAddress) -> Int32 {
    if address.family == .ipv4 {
      var name = sockaddr_in()
      name.sin_family = sa_family_t(AF_INET)
      name.sin_port = address.port.bigEndian
      inet_pton(AF_INET, address.host, &name.sin_addr)
      return withUnsafeBytes(of: &name) { raw in
        Glibc.bind(descriptor, raw.baseAddress?.assumingMemoryBound(to: sockaddr.self), socklen_t(raw.count))
      }
    }
    var name = sockaddr_in6()
    name.sin6_family = sa_family_t(AF_INET6)
    name.sin6_port = address.port.bigEndian
    inet_pton(AF_INET6, address.host, &name.sin6_addr)
    return withUnsafeBytes(of: &name) { raw in
      Glibc.bind(descriptor, raw.baseAddress?.assumingMemoryBound(to: sockaddr.self), socklen_t(raw.count))
    }
  }

  private static func port(_ descriptor: Int32) -> UInt16 {
    var name = sockaddr_in6()
    var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
    withUnsafeMutableBytes(of: &name) { raw in
      _ = getsockname(descriptor, raw.baseAddress?.assumingMemoryBound(to: sockaddr.self), &length)
    }
    // The port stands at the same place in both families.
    return UInt16(bigEndian: name.sin6_port)
  }

  private static func error(_ errno: Int32, _ address: ListenAddress, call: String) -> ListenError {
    switch errno {
    case EADDRINUSE: .inUse(address.description)
    case EACCES, EPERM: .notPermitted(address.description)
    case EADDRNOTAVAIL: .notLocal(address.description)
    default: .failed(address.description, call: call, errno: errno)
    }
  }
}
