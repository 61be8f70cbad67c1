// A connection's third part: writing, and the deadlines.

import Reactor

extension HTTPConnection {
  /// Writes what waits; asks to be told of room for the rest, and reads nothing meanwhile.
  func flush(on loop: isolated EventLoop) {
    isQueued = false
    guard phase != .closed, let exchange else { return }
    var isMoving = false
    while !exchange.output.isEmpty {
      switch transport.write(from: UnsafeRawBufferPointer(exchange.output.bytes)) {
      case .bytes(let count):
        exchange.output.consume(count)
        isMoving = true
      case .waits(let readiness):
        watch?.want(readiness, on: loop)
        // What is added meanwhile puts the deadline off no further.
        guard isMoving || armed != .write else { return }
        armed = .write
        return setDeadline(worker.limits.writeTime, on: loop)
      case .ended, .failed: return close(on: loop)
      }
    }
    flushed(exchange, on: loop)
  }

  private func flushed(_ exchange: Exchange, on loop: isolated EventLoop) {
    if armed == .write {
      armed = .idle
      watch?.setDeadline(nil, on: loop)
    }
    if phase == .closing { return linger(on: loop) }
    if phase == .reading, isHeldBack {
      // However fast the peer takes its answers, others have their turn before its next requests are read.
      watch?.want([], on: loop)
      return worker.putOff(self)
    }
    if !hasEnded { watch?.want(.read, on: loop) }
    guard phase == .reading else {
      if let stream = exchange.stream {
        armed = .quiet
        setDeadline(worker.limits.streamQuiet, on: loop)
        stream.wake()
      }
      return
    }
    if exchange.input.isEmpty {
      becomeIdle(on: loop)
    } else {
      advance(on: loop)
    }
    // While nothing was wanted from the socket, TLS may have kept what it had decrypted.
    if phase == .reading, transport.hasBuffered { receive(on: loop) }
  }

  /// Goes on with requests which waited until answers had left.
  func takeTurn(on loop: isolated EventLoop) {
    guard phase == .reading else { return }
    if !hasEnded { watch?.want(.read, on: loop) }
    advance(on: loop)
    if phase == .reading, transport.hasBuffered { receive(on: loop) }
  }

  func setDeadline(_ milliseconds: Int, on loop: isolated EventLoop) {
    watch?.setDeadline(loop.now + milliseconds, on: loop)
  }

  /// Starts a deadline unless it runs already: bytes that trickle in must not put it off.
  func arm(_ deadline: Deadline, on loop: isolated EventLoop) {
    guard armed != deadline else { return }
    armed = deadline
    setDeadline(deadline == .head ? worker.limits.headTime : worker.limits.bodyTime, on: loop)
  }

  func expired(on loop: isolated EventLoop) {
    switch armed {
    case .quiet:
      exchange?.stream?.ask()
      return
    case .handshake: worker.count(.timeouts, "handshake")
    case .idle: worker.count(.timeouts, "idle")
    case .head: worker.count(.timeouts, "head")
    case .body: worker.count(.timeouts, "body")
    case .write: worker.count(.timeouts, "write")
    case .linger: worker.count(.timeouts, "linger")
    case .farewell: break
    }
    guard phase == .reading, let exchange, armed == .head || armed == .body else { return close(on: loop) }
    refuse(armed == .head ? .headTimeout : .bodyTimeout, exchange, on: loop)
  }
}
