// One connection: bytes in, requests one after the other, bytes out.
//
// A request is looked at when the one before is answered, so answers stay in order. The exchange with its buffers is
// held only while something is in flight. Closing is always gentle: the last answer is followed by an end of writing,
// and what still comes in is thrown away for a moment, since a close with unread bytes makes the kernel reset the
// connection and the client lose the answer. Confined to its loop.

import Reactor

final class HTTPConnection {
  enum Phase {
    /// Before the first request: a PROXY header, a TLS handshake.
    case opening
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
  /// The other end; once a PROXY header has been read, whom it names.
  var peer: PeerAddress
  let routes: RouteTable
  /// Holds it in turn, until the connection is closed or the loop has ended.
  let worker: Worker
  var position = 0
  var phase = Phase.opening
  var exchange: Exchange?
  var watch: Watch?
  var isQueued = false
  /// The one after it among those with output.
  var nextWithOutput: HTTPConnection?
  /// The peer has sent all it will.
  var hasEnded = false
  var isDispatching = false
  var sentContinue = false
  /// Requests wait in the input until answers have left, and then for a turn.
  var isHeldBack = false
  /// Whether the peer is a trusted proxy, whose fields tell where requests come from.
  var isFromProxy = false
  /// Whether a PROXY header passes on a client without a name. Its bytes may be the client's, so no field is believed.
  var isAnonymous = false
  /// Whether it counts among the connections of its address.
  var isCounted = false
  var requests = 0
  var lingered = 0
  /// Its place among the handshakes in progress.
  var handshake: HandshakeList.Link?

  init(_ socket: AcceptedSocket, worker: Worker, routes: RouteTable) {
    transport = Transport(descriptor: socket.descriptor)
    peer = socket.peer
    self.worker = worker
    self.routes = routes
  }

  /// Begins; false when the kernel can't watch the socket.
  func start(on loop: isolated EventLoop) -> Bool {
    watch = loop.watch(
      transport.descriptor, for: .read, ready: { [unowned self] readiness in ready(readiness, on: loop) },
      expired: { [unowned self] in expired(on: loop) })
    return watch != nil
  }

  /// Whether no byte of a request is here and none of an answer waits.
  var isIdle: Bool { phase == .reading && exchange == nil }

  private func ready(_ readiness: Readiness, on loop: isolated EventLoop) {
    transport.beginEvent()
    if phase == .opening { return open(on: loop) }
    if readiness.contains(.write) { flush(on: loop) }
    if readiness.contains(.read) {
      receive(on: loop)
    } else if !readiness.isDisjoint(with: .broken) {
      close(on: loop)
    }
  }

  /// Reads what the socket has, and what TLS has decrypted ahead, of which the kernel says nothing.
  func receive(on loop: isolated EventLoop) {
    while readOnce(on: loop), transport.hasBuffered, watch?.interest.contains(.read) == true {}
  }

  /// Reads once; false when there was nothing, or is nothing more to come.
  private func readOnce(on loop: isolated EventLoop) -> Bool {
    if phase == .lingering { return discard(on: loop) }
    if phase != .reading {
      guard phase == .answering else { return false }
      if exchange?.stream != nil { return ignore(on: loop) }
    }
    let exchange = self.exchange ?? worker.exchange(for: self)
    self.exchange = exchange
    let wanted = min(max(1024, exchange.parser.bytesWanted), worker.limits.body)
    switch transport.read(into: exchange.input.free(wanted)) {
    case .bytes(let count):
      exchange.input.commit(count)
      if phase == .reading { advance(on: loop) } else { holdBack(exchange, on: loop) }
      return true
    // TLS must say something before it can read on.
    case .waits(.write): watch?.want(.write, on: loop)
    case .waits: if exchange.input.isEmpty, exchange.output.isEmpty, phase == .reading { stayIdle(exchange) }
    case .ended: ended(on: loop)
    case .failed: broken(on: loop)
    }
    return false
  }

  /// Stops reading ahead once enough is buffered behind the request being answered.
  private func holdBack(_ exchange: Exchange, on loop: isolated EventLoop) {
    let ahead = exchange.input.count - exchange.parser.position
    guard ahead >= worker.limits.pipelined else { return }
    worker.reached("pipelined")
    watch?.want([], on: loop)
  }

  private func ended(on loop: isolated EventLoop) {
    hasEnded = true
    // A client may end its side and still wait for its answers (RFC 9112 9.6).
    let isOwed = phase == .answering || isHeldBack || exchange?.output.isEmpty == false
    if isOwed { watch?.want(watch?.interest.subtracting(.read) ?? [], on: loop) } else { close(on: loop) }
  }

  /// Parses and answers what is buffered, as far as it goes.
  func advance(on loop: isolated EventLoop) {
    isHeldBack = false
    while phase == .reading, let exchange, !exchange.input.isEmpty {
      guard exchange.output.count <= worker.limits.pendingOutput else {
        worker.reached("pending_output")
        isHeldBack = true
        break
      }
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

  func queueOutput() {
    guard !isQueued else { return }
    isQueued = true
    worker.hasOutput(self)
  }

  /// What the deadline that runs is for.
  enum Deadline { case handshake, idle, head, body, write, quiet, linger, farewell }
  var armed = Deadline.idle
}
