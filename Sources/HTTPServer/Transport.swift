// How bytes leave and reach a connected socket: the one place in which an encrypted connection differs from a plain
// one.
//
// Not ready and gone are values; nothing here throws, since none of it is exceptional for a server.

import Glibc
import OpenSSL
import Reactor

/// What became of a read or a write.
enum Transfer: Equatable {
  case bytes(Int)
  /// Nothing more until the socket is ready for this.
  case waits(Readiness)
  /// The peer will send nothing more (reads only).
  case ended
  /// The connection is gone.
  case failed
}

/// A connected, non-blocking socket, plain or under TLS; its owner shuts it, once.
final class Transport {
  let descriptor: Int32
  /// Nil on a plain connection.
  private(set) var tls: TLSStream?

  init(descriptor: Int32) { self.descriptor = descriptor }

  /// Puts TLS between the socket and what is read and written from now on; false when memory has run out.
  func secure(by context: TLSContext) -> Bool {
    tls = TLSStream(context, descriptor: descriptor)
    return tls != nil
  }

  /// Reads what is there, at most what fits `buffer`.
  func read(into buffer: UnsafeMutableRawBufferPointer) -> Transfer {
    guard let tls else { return readSocket(into: buffer) }
    return Transfer(tls.read(into: buffer))
  }

  /// Writes what the socket takes.
  func write(from bytes: UnsafeRawBufferPointer) -> Transfer {
    if let tls { return Transfer(tls.write(from: bytes)) }
    while true {
      let count = send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
      if count >= 0 { return .bytes(count) }
      if errno != EINTR { return errno == EAGAIN ? .waits(.write) : .failed }
    }
  }

  /// Reads the socket's own bytes, beneath TLS: what is thrown away need not be decrypted.
  func readSocket(into buffer: UnsafeMutableRawBufferPointer) -> Transfer {
    while true {
      let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
      if count > 0 { return .bytes(count) }
      if count == 0 { return .ended }
      if errno != EINTR { return errno == EAGAIN ? .waits(.read) : .failed }
    }
  }

  /// Allows what one event may read of the socket; TLS stops there, so that no peer keeps the loop for itself.
  func beginEvent() { tls?.refill() }

  /// Whether bytes are here already which the kernel won't report again.
  var hasBuffered: Bool { tls?.hasBuffered ?? false }

  /// Says that nothing more will be written.
  func endWriting() {
    tls?.endWriting()
    shutdown(descriptor, Int32(SHUT_WR))
  }

  /// Closes the socket.
  func shut() {
    tls?.endWriting()
    tls = nil
    close(descriptor)
  }
}

extension Transfer {
  init(_ step: TLSStep) {
    switch step {
    case .bytes(let count): self = .bytes(count)
    case .waitsToRead: self = .waits(.read)
    case .waitsToWrite: self = .waits(.write)
    case .ended: self = .ended
    case .failed: self = .failed
    }
  }
}
