// A connection's pauses and its end.

import OpenSSL
import Reactor

extension HTTPConnection {
  /// Gives the exchange back and waits for the next request.
  func becomeIdle(on loop: isolated EventLoop) {
    if hasEnded { return close(on: loop) }
    if let exchange { worker.giveBack(exchange) }
    exchange = nil
    if worker.isDraining { return sayFarewell(on: loop) }
    armed = .idle
    setDeadline(worker.limits.idleTime, on: loop)
  }

  /// Gives the exchange back when what came held no byte of a request. The deadline runs on: TLS's records can come byte
  /// by byte and hold nothing, for as long as a client likes.
  func stayIdle(_ unused: Exchange) {
    worker.giveBack(unused)
    exchange = nil
  }

  /// Lets a kept connection send one more request, which is answered with `Connection: close`: it may be under way
  /// already, and a client can't tell whether a request on a connection that was closed meanwhile was heeded.
  func sayFarewell(on loop: isolated EventLoop) {
    armed = .farewell
    setDeadline(worker.limits.farewellTime, on: loop)
  }

  /// Ends writing and throws away for a moment what still comes in.
  func linger(on loop: isolated EventLoop) {
    guard !hasEnded else { return close(on: loop) }
    transport.endWriting()
    phase = .lingering
    armed = .linger
    if let exchange { worker.giveBack(exchange) }
    exchange = nil
    watch?.want(.read, on: loop)
    setDeadline(worker.limits.lingerTime, on: loop)
  }

  /// Throws away what comes after the last answer, up to a bound; always false, for there is nothing more to read.
  func discard(on loop: isolated EventLoop) -> Bool {
    while lingered < worker.limits.lingerBytes {
      switch transport.readSocket(into: worker.scratch) {
      case .bytes(let count): lingered += count
      case .waits: return false
      case .ended, .failed:
        close(on: loop)
        return false
      }
    }
    close(on: loop)
    return false
  }

  /// The transport is of no more use. Under TLS the peer may have broken its rules, and is to read the alert which says
  /// so (RFC 8446 6.2) before the connection is reset.
  func broken(on loop: isolated EventLoop) {
    if transport.tls?.hasTooManyKeyUpdates == true { worker.reached("key_updates") }
    if transport.tls == nil || phase == .answering { close(on: loop) } else { linger(on: loop) }
  }

  /// Ends the connection at once; a running endpoint keeps its exchange until it returns.
  func close(on loop: isolated EventLoop) {
    guard phase != .closed else { return }
    let isRunning = phase == .answering
    phase = .closed
    watch?.stop(on: loop)
    watch = nil
    worker.handshakes.remove(self)
    transport.shut()
    worker.remove(self)
    if isRunning {
      exchange?.stream?.close()
      return
    }
    release(on: loop)
  }

  /// Gives back what a closed connection held.
  func release(on loop: isolated EventLoop) {
    if let exchange { worker.giveBack(exchange) }
    exchange = nil
    worker.server.connectionEnded(isCounted ? peer : nil, on: loop)
  }
}
