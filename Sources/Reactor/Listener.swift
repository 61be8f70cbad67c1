// Accepts connections on a listening socket. Confined to the loop it was started on; the caller hands what is accepted
// to whichever loop it likes.
//
// Out of descriptors, it pauses for 100 ms instead of spinning on a socket that stays readable.

import CLinux
import Glibc

/// A connection just accepted: non-blocking, close-on-exec, without Nagle's delay.
package struct AcceptedSocket: Sendable {
  /// The socket, which the receiver closes.
  package let descriptor: Int32
  /// Who connected.
  package let peer: PeerAddress
}

/// A listening socket on its loop.
package final class Listener {
  /// Connections accepted within one tick at most, so that a flood of them doesn't hold up those which are open.
  private static let batch = 64
  private static let pause = 100

  private let socket: ListeningSocket
  private let accepted: (AcceptedSocket) -> Void
  private let paused: () -> Void
  private var watch: Watch?

  /// Starts accepting.
  /// - Parameters:
  ///   - accepted: takes ownership of each connection's descriptor.
  ///   - paused: called when descriptors or memory have run out and accepting rests.
  package init(
    _ socket: ListeningSocket, on loop: isolated EventLoop,
    accepted: @escaping (AcceptedSocket) -> Void, paused: @escaping () -> Void
  ) {
    self.socket = socket
    self.accepted = accepted
    self.paused = paused
    watch = loop.watch(
      socket.descriptor, for: .read, ready: { [unowned self] _ in accept(on: loop) },
      expired: { [unowned self] in watch?.want(.read, on: loop) })
  }

  /// Stops accepting and gives the socket up. What waits in the backlog of an inherited one is its next server's; of an
  /// own one it is handed to `accepted` first, since to those clients the kernel has said that they are connected.
  package func stop(on loop: isolated EventLoop) {
    guard let watch else { return }
    watch.stop(on: loop)
    self.watch = nil
    if !socket.isInherited { acceptRest() }
    socket.shut()
  }

  private func acceptRest() {
    socket.turnAway()
    while case .accepted = acceptOne() {}
    // A handshake may be ending on another processor right now; this happens once in a server's life.
    usleep(1000)
    while case .accepted = acceptOne() {}
  }

  private func accept(on loop: isolated EventLoop) {
    for _ in 0..<Self.batch {
      switch acceptOne() {
      case .accepted: continue
      case .nobody: return
      case .exhausted: return rest(on: loop)
      }
    }
  }

  private enum Outcome { case accepted, nobody, exhausted }

  private func acceptOne() -> Outcome {
    while true {
      var name = sockaddr_in6()
      let descriptor = accept(&name)
      guard descriptor >= 0 else {
        switch errno {
        case EAGAIN: return .nobody
        // What befell one connection, which is gone (accept(2), "Error handling").
        case ECONNABORTED, EINTR, ENETDOWN, EPROTO, ENOPROTOOPT, EHOSTDOWN, ENONET, EHOSTUNREACH, ENETUNREACH: continue
        default: return .exhausted
        }
      }
      if socket.bound.family != .unix { tune(descriptor) }
      accepted(AcceptedSocket(descriptor: descriptor, peer: PeerAddress(name)))
      return .accepted
    }
  }

  /// Bytes that the kernel holds of a connection whose peer doesn't read: more than one answer, so that none waits for
  /// another turn of the loop. Without a bound, thousands of slow readers fill the kernel's memory for all of TCP, and
  /// then everybody's connections stall.
  private static let unsent: Int32 = 64 << 10

  /// Has answers leave at once, and not pile up in the kernel.
  private func tune(_ descriptor: Int32) {
    var (on, unsent): (Int32, Int32) = (1, Self.unsent)
    let size = socklen_t(MemoryLayout<Int32>.size)
    setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, size)
    setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NOTSENT_LOWAT, &unsent, size)
  }

  private func accept(_ name: inout sockaddr_in6) -> Int32 {
    var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
    return withUnsafeMutableBytes(of: &name) { raw in
      accept4(
        socket.descriptor, raw.baseAddress?.assumingMemoryBound(to: sockaddr.self), &length,
        Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue))
    }
  }

  private func rest(on loop: isolated EventLoop) {
    paused()
    watch?.want([], on: loop)
    watch?.setDeadline(loop.now + Self.pause, on: loop)
  }
}

extension PeerAddress {
  /// From what accept4 wrote, which is a `sockaddr_in`, or the beginning of a `sockaddr_un`, where the family says so.
  fileprivate init(_ name: sockaddr_in6) {
    guard name.sin6_family != sa_family_t(AF_UNIX) else {
      self = .local
      return
    }
    self = withUnsafeBytes(of: name) { raw in
      if name.sin6_family == sa_family_t(AF_INET) {
        return PeerAddress(ipv4: UInt32(bigEndian: raw.loadUnaligned(fromByteOffset: 4, as: UInt32.self)))
      }
      return PeerAddress(
        ipv6: UInt64(bigEndian: raw.loadUnaligned(fromByteOffset: 8, as: UInt64.self)),
        UInt64(bigEndian: raw.loadUnaligned(fromByteOffset: 16, as: UInt64.self)))
    }
  }
}
