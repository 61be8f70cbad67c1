// One connection: bytes in, requests one after the other, bytes out.
//
// A request is looked at when the one before is answered, so answers stay in order. The exchange with its buffers is
// held only while something is in flight. Closing is always gentle: the last answer is followed by an end of writing,
// and what still comes in is thrown away for a moment, since a close with unread bytes makes the kernel reset the
// connection and the client lose the answer. Confined to its loop.

import Reactor

final class HTTPConnection {
  enum Phase {
    /// Between requests, or reading one.
    case reading
    /// An endpoint has the request.
    case answering
    /// The last answer is being written.
    case closing
    /// It is written; the peer's rest is thrown away.
    case lingering
    case closed
  }

  let transport: Transport
  let peer: PeerAddress
  let routes: RouteTable
  unowned let worker: Worker
  var position = 0
  var phase = Phase.reading
  var exchange: Exchange?
  var watch: Watch?
  var isQueued = false
  /// The peer has sent all it will.
  var hasEnded = false
  var isDispatching = false
  var sentContinue = false
  var requests = 0
  var lingered = 0

  init(_ socket: AcceptedSocket, worker: Worker, routes: RouteTable) {
    transport = Transport(descriptor: socket.descriptor)
    peer = socket.peer
    self.worker = worker
    self.routes = routes
  }

  /// Begins to read; false when the kernel can't watch the socket.
  func start(on loop: isolated EventLoop) -> Bool {
    watch = loop.watch(
      transport.descriptor, for: .read, ready: { [unowned self] readiness in ready(readiness, on: loop) },
      expired: { [unowned self] in expired(on: loop) })
    setDeadline(worker.limits.idleTime, on: loop)
    return watch != nil
  }

  /// Whether no byte of a request is here and none of an answer waits.
  var isIdle: Bool { phase == .reading && exchange == nil }

  private func ready(_ readiness: Readiness, on loop: isolated EventLoop) {
    if readiness.contains(.write) { flush(on: loop) }
    if readiness.contains(.read) {
      receive(on: loop)
    } else if !readiness.isDisjoint(with: .broken) {
      close(on: loop)
    }
  }

  private func receive(on loop: isolated EventLoop) {
    if phase == .lingering { return discard(on: loop) }
    guard phase == .reading || phase == .answering else { return }
    let exchange = self.exchange ?? worker.exchange(for: routes, peer)
    self.exchange = exchange
    let wanted = min(max(1024, exchange.parser.bytesWanted), worker.limits.body)
    switch transport.read(into: exchange.input.free(wanted)) {
    case .bytes(let count):
      exchange.input.commit(count)
      if phase == .reading { advance(on: loop) } else { holdBack(exchange, on: loop) }
    case .wouldBlock: if exchange.input.isEmpty, phase == .reading { becomeIdle(on: loop) }
    case .ended: ended(on: loop)
    case .failed: close(on: loop)
    }
  }

  /// Stops reading ahead once enough is buffered behind the request being answered.
  private func holdBack(_ exchange: Exchange, on loop: isolated EventLoop) {
    let ahead = exchange.input.count - exchange.parser.position
    if ahead >= worker.limits.pipelined { watch?.want([], on: loop) }
  }

  private func ended(on loop: isolated EventLoop) {
    hasEnded = true
    // A client may end its side and still wait for its answers (RFC 9112 9.6).
    let isOwed = phase == .answering || exchange?.output.isEmpty == false
    if isOwed { watch?.want(watch?.interest.subtracting(.read) ?? [], on: loop) } else { close(on: loop) }
  }

  /// Parses and answers what is buffered, as far as it goes.
  func advance(on loop: isolated EventLoop) {
    while phase == .reading, let exchange, !exchange.input.isEmpty,
      exchange.output.count <= worker.limits.pendingOutput
    {
      do {
        guard try exchange.parser.advance(exchange.input.bytes, worker.limits) else {
          return awaitMore(exchange, on: loop)
        }
        dispatch(exchange, on: loop)
      } catch {
        refuse(error, exchange, on: loop)
      }
    }
    if phase == .reading, exchange?.input.isEmpty == true, exchange?.output.isEmpty == true { becomeIdle(on: loop) }
  }

  private func awaitMore(_ exchange: Exchange, on loop: isolated EventLoop) {
    if let gap = exchange.parser.takeGap() { exchange.input.remove(from: gap.from, to: gap.to) }
    if hasEnded, exchange.output.isEmpty { return close(on: loop) }
    guard exchange.parser.isHeadComplete else { return arm(.head, on: loop) }
    // RFC 9110 10.1.1: only for HTTP/1.1, and pointless once the body has begun to come.
    if exchange.parser.expectsContinue, exchange.parser.minor > 0, !sentContinue, exchange.bodyLength == 0 {
      sentContinue = true
      exchange.output.append("HTTP/1.1 100 Continue\r\n\r\n")
      queueOutput()
    }
    arm(.body, on: loop)
  }

  /// Gives the exchange back and waits for the next request.
  func becomeIdle(on loop: isolated EventLoop) {
    if hasEnded || worker.isDraining { return close(on: loop) }
    if let exchange { worker.giveBack(exchange) }
    exchange = nil
    armed = .idle
    setDeadline(worker.limits.idleTime, on: loop)
  }

  func queueOutput() {
    guard !isQueued else { return }
    isQueued = true
    worker.hasOutput(self)
  }

  /// Ends the connection at once; a running endpoint keeps its exchange until it returns.
  func close(on loop: isolated EventLoop) {
    guard phase != .closed else { return }
    let isRunning = phase == .answering
    phase = .closed
    watch?.stop(on: loop)
    watch = nil
    transport.shut()
    worker.remove(self)
    if isRunning { return }
    release(on: loop)
  }

  /// Gives back what a closed connection held.
  func release(on loop: isolated EventLoop) {
    if let exchange { worker.giveBack(exchange) }
    exchange = nil
    worker.server.connectionEnded(peer, on: loop)
  }

  /// What the deadline that runs is for.
  enum Deadline { case idle, head, body, write, linger }
  var armed = Deadline.idle
}
