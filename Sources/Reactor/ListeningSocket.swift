// One listening descriptor for each address: never `SO_REUSEPORT`, under which a second process would bind the same
// port in silence and a closing one would drop its backlog. It is bound here, or was handed over by a supervisor, which
// keeps it open while one server ends and the next starts.

import CLinux
import Glibc

/// A bound and listening socket, on no loop yet.
package struct ListeningSocket: Sendable {
  let descriptor: Int32
  /// Where it listens, with the port it was given.
  package let bound: BoundAddress
  /// Whether a supervisor holds it as well, so that it outlives this process.
  package let isInherited: Bool
  private let file: SocketFile?

  /// Binds and listens.
  package init(_ address: ListenAddress) throws(ListenError) {
    let place = address.place
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    descriptor = socket(place.family.domain, kind, 0)
    guard descriptor >= 0 else { throw ListenError(errno, place, call: "socket") }
    var made: SocketFile?
    do throws(ListenError) {
      if place.family == .unix {
        made = try SocketFile(binding: descriptor, to: address)
      } else {
        try Self.bind(descriptor, to: place)
      }
      guard listen(descriptor, SOMAXCONN) == 0 else { throw ListenError(errno, place, call: "listen") }
    } catch {
      made?.remove()
      close(descriptor)
      throw error
    }
    (file, isInherited) = (made, false)
    bound = SocketName(of: descriptor)?.address ?? place
  }

  /// Takes over a socket which listens already; fails when it isn't one.
  package init(inherited descriptor: Int32) throws(ListenError) {
    // Before anything else: no child process shall have it.
    guard fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0 else { throw .badDescriptor(descriptor, "isn't open") }
    guard Self.option(SO_TYPE, of: descriptor) == Int32(SOCK_STREAM.rawValue),
      Self.option(SO_ACCEPTCONN, of: descriptor) == 1
    else { throw .badDescriptor(descriptor, "is no listening stream socket") }
    guard let address = SocketName(of: descriptor)?.address else {
      throw .badDescriptor(descriptor, "has no address of a family that is served here")
    }
    guard fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK) == 0 else {
      throw .failed(address.description, call: "fcntl", errno: errno)
    }
    (self.descriptor, bound, isInherited, file) = (descriptor, address, true, nil)
  }

  private static func bind(_ descriptor: Int32, to address: BoundAddress) throws(ListenError) {
    // A restart must not wait for the last process's connections to time out.
    var on: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
    guard SocketName(address).with({ Glibc.bind(descriptor, $0, $1) }) == 0 else {
      throw ListenError(errno, address, call: "bind")
    }
  }

  private static func option(_ name: Int32, of descriptor: Int32) -> Int32? {
    var value: Int32 = 0
    var length = socklen_t(MemoryLayout<Int32>.size)
    return getsockopt(descriptor, SOL_SOCKET, name, &value, &length) == 0 ? value : nil
  }

  /// Keeps new connections away, while those that are complete can still be accepted. The kernel drops the segments that
  /// would begin one: such a client tries again a second later, and meets a successor or a closed port.
  func turnAway() {
    file?.remove()
    if bound.family != .unix { _ = signet_ignore_new_connections(descriptor) }
  }

  /// Closes it. One that is inherited lives on at the supervisor, with the connections which wait in it.
  func shut() { close(descriptor) }
}

extension BoundAddress.Family {
  /// The socket domain.
  var domain: Int32 {
    switch self {
    case .ipv4: AF_INET
    case .ipv6: AF_INET6
    case .unix: AF_UNIX
    }
  }
}
