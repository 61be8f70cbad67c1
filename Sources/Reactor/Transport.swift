// How bytes leave and reach a connected socket: the one place in which an encrypted connection differs from a plain
// one.
//
// Not ready and gone are values; nothing here throws, since none of it is exceptional for a server.

import Glibc

/// What became of a read or a write.
package enum Transfer: Equatable, Sendable {
  case bytes(Int)
  case wouldBlock
  /// The peer will send nothing more (reads only).
  case ended
  /// The connection is gone.
  case failed(errno: Int32)
}

/// A connected, non-blocking socket; its owner closes it, once.
package struct Transport: Sendable {
  /// The socket.
  package let descriptor: Int32

  /// A transport over a connected socket.
  package init(descriptor: Int32) { self.descriptor = descriptor }

  /// Reads what is there, at most what fits `buffer`.
  package func read(into buffer: UnsafeMutableRawBufferPointer) -> Transfer {
    while true {
      let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
      if count > 0 { return .bytes(count) }
      if count == 0 { return .ended }
      if errno != EINTR { return errno == EAGAIN ? .wouldBlock : .failed(errno: errno) }
    }
  }

  /// Writes what the socket takes.
  package func write(from bytes: UnsafeRawBufferPointer) -> Transfer {
    while true {
      let count = send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
      if count >= 0 { return .bytes(count) }
      if errno != EINTR { return errno == EAGAIN ? .wouldBlock : .failed(errno: errno) }
    }
  }

  /// Says that nothing more will be written.
  package func endWriting() { shutdown(descriptor, Int32(SHUT_WR)) }

  /// Closes the socket.
  package func shut() { close(descriptor) }
}
