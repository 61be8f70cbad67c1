// What a server keeps on each of its loops: connections, the pool of exchanges, the date, the log and counters.
//
// Confined to its loop, where it is attached; nothing of it is shared.

import OpenSSL
import Reactor
import Telemetry

final class Worker {
  let limits: Limits
  let server: HTTPServer
  let loop: EventLoop
  var random = RequestIDs()
  /// `Date: …`, CR LF, `X-Request-Id: `, ready to copy.
  let date = Buffer()
  /// Where bytes go that nobody wants.
  let scratch: UnsafeMutableRawBufferPointer
  private(set) var isDraining = false
  /// What new connections of TLS listeners begin with.
  var tls: TLSContext?
  var handshakes = HandshakeList()

  private var tables: [Int: RouteTable] = [:]
  private var listeners: [Listener] = []
  private var connections: [HTTPConnection] = []
  /// Connections with output, in the order in which they got it, linked through themselves: an array for them cost 600
  /// instructions a request.
  private var firstWithOutput: HTTPConnection?
  private var lastWithOutput: HTTPConnection?
  /// Connections with requests that were put off, in the order of their turns.
  private var putOff: [HTTPConnection] = []
  private var hasPutOff = false
  /// Exchanges to use again, linked through themselves for the same reason.
  private var pool: Exchange?
  private var pooled = 0
  private let log = AccessLog()
  private var wall = 0
  /// Put-off connections that get their turn in one tick: a few milliseconds' work.
  private static let turns = 64
  private static let refusalsPerSecond = 5
  private var refusalsLogged = 0
  private var dateSecond = 0
  private var counters: ServerCounters

  init(_ server: HTTPServer, on loop: isolated EventLoop) {
    self.server = server
    self.loop = loop
    limits = server.limits
    counters = ServerCounters(server.metrics)
    scratch = .allocate(byteCount: 16 << 10, alignment: 16)
    readTime(loop.wall)
    // The loop drops these at its end.
    loop.atTickStart { [self] in
      readTime(loop.wall)
      giveTurns(on: loop)
    }
    loop.atTickEnd { [self] in
      handOverLog()
      flush(on: loop)
    }
    loop.atFinish { [self] in letGo() }
  }

  deinit { scratch.deallocate() }

  /// The server's worker on a loop, made at first use.
  static func of(_ server: HTTPServer, on loop: isolated EventLoop) -> Worker {
    let key = ObjectIdentifier(server)
    if let worker = loop.attachments[key] as? Worker { return worker }
    let worker = Worker(server, on: loop)
    loop.attachments[key] = worker
    return worker
  }

  func addTable(_ router: Router, _ options: ListenerOptions, listener: Int) {
    tables[listener] = RouteTable(router, options, server.metrics)
  }

  func addListener(_ listener: Listener) { listeners.append(listener) }

  /// Takes over a connection, for which there may be no room.
  func adopt(_ socket: AcceptedSocket, listener: Int, hasRoom: Bool, on loop: isolated EventLoop) {
    guard let table = tables[listener] else { return refuse(socket) }
    let connection = HTTPConnection(socket, worker: self, routes: table)
    guard connection.start(on: loop) else { return refuse(socket) }
    connection.position = connections.count
    connections.append(connection)
    connection.begin(hasRoom: hasRoom, on: loop)
  }

  private func refuse(_ socket: AcceptedSocket) {
    let transport = Transport(descriptor: socket.descriptor)
    transport.shut()
    server.connectionEnded(nil, on: loop)
  }

  /// Whether one more handshake may begin; the one which waits longest gives way if it waits for its client.
  func makeRoomForHandshake(on loop: isolated EventLoop) -> Bool {
    guard handshakes.count >= server.handshakesPerLoop else { return true }
    guard let oldest = handshakes.oldest, let link = oldest.handshake,
      loop.now - link.since >= limits.handshakePatience
    else { return false }
    reached("handshakes")
    oldest.close(on: loop)
    return true
  }

  /// Forgets a connection that is closed.
  func remove(_ connection: HTTPConnection) {
    let last = connections.removeLast()
    guard last !== connection else { return }
    connections[connection.position] = last
    last.position = connection.position
  }

  /// Stops accepting, closes what is idle and lets the rest end with its answer.
  func drain(on loop: isolated EventLoop) {
    isDraining = true
    for listener in listeners { listener.stop(on: loop) }
    listeners = []
    for connection in connections where connection.isIdle { connection.sayFarewell(on: loop) }
    for connection in connections { connection.exchange?.stream?.close() }
  }

  /// The connection whose request this is; looked for among all, since a reference to it would cost every request its
  /// count, and streams begin seldom.
  func connection(of exchange: Exchange) -> HTTPConnection? { connections.first { $0.exchange === exchange } }

  /// Closes whatever is still open.
  func closeAll(on loop: isolated EventLoop) {
    for connection in Array(connections) { connection.close(on: loop) }
  }

  /// An exchange for a request whose first bytes arrive.
  func exchange(for connection: HTTPConnection) -> Exchange {
    let exchange = takeFromPool() ?? Exchange(worker: self, routes: connection.routes, loop: loop)
    exchange.routes = connection.routes
    exchange.peer = connection.peer
    exchange.isFromProxy = connection.isFromProxy
    exchange.tls = connection.transport.tls
    return exchange
  }

  private func takeFromPool() -> Exchange? {
    guard let exchange = pool else { return nil }
    pool = exchange.nextInPool
    exchange.nextInPool = nil
    pooled -= 1
    return exchange
  }

  func giveBack(_ exchange: Exchange) {
    guard pooled < limits.pooledExchanges else { return }
    exchange.input.shrink()
    exchange.output.shrink()
    exchange.parser.reset()
    exchange.tls = nil
    exchange.nextInPool = pool
    pool = exchange
    pooled += 1
  }

  /// Has the connection's output written at the end of the tick.
  func hasOutput(_ connection: HTTPConnection) {
    if let lastWithOutput { lastWithOutput.nextWithOutput = connection } else { firstWithOutput = connection }
    lastWithOutput = connection
  }

  /// Has the connection's next requests looked at in a later tick.
  func putOff(_ connection: HTTPConnection) {
    putOff.append(connection)
    hasPutOff = true
  }

  /// Counts and logs an answer.
  func record(_ exchange: Exchange) {
    exchange.routes.count(exchange)
    if server.accessLog.takes(exchange.status) { log.add(exchange, wall: wall) }
  }

  func count(_ counter: ServerCounter, _ value: String) { counters.add(counter, value) }

  /// Counts a bound that was met without refusing the connection.
  func reached(_ bound: String) { count(.boundsReached, bound) }

  /// Counts a connection which was turned away, and says so.
  func refused(_ bound: String, _ peer: PeerAddress) {
    count(.connectionsRefused, bound)
    logRefusal(bound, peer)
  }

  func count(handshake tls: TLSStream) {
    count(.handshakes, tls.isResumed ? "\(tls.version) resumed" : "\(tls.version) full")
  }

  func count(failedHandshake reason: String?, _ peer: PeerAddress) {
    count(.handshakeFailures, reason ?? "connection lost")
    // Who merely left, as every scan of ports does, is no news.
    if let reason { logRefusal("tls: \(reason)", peer) }
  }

  /// Without a request there is no other line which says why a client got nothing. A few a second: a flood of them says no
  /// more, and is in the metrics.
  private func logRefusal(_ cause: String, _ peer: PeerAddress) {
    guard server.accessLog != .none, refusalsLogged < Self.refusalsPerSecond else { return }
    refusalsLogged += 1
    log.add(refusal: cause, of: peer, wall: wall)
  }
}

// At both ends of a tick, and at the end of all.
extension Worker {
  private func readTime(_ wall: Int) {
    self.wall = wall
    guard wall / 1000 != dateSecond else { return }
    dateSecond = wall / 1000
    refusalsLogged = 0
    date.clear()
    date.append("Date: \(CivilTime(seconds: dateSecond).httpDate)\r\nX-Request-Id: ")
  }

  /// Lets go of what holds the worker in turn, one by one: to free a long chain from its head would need a deep stack.
  private func letGo() {
    connections = []
    while takeFromPool() != nil {}
  }

  private func handOverLog() {
    if let lines = log.takeLines() { server.log.append(lines) }
  }

  /// Writes all output; what a connection reads meanwhile from its own buffer may add more, which is written as well.
  private func flush(on loop: isolated EventLoop) {
    while let connection = firstWithOutput {
      firstWithOutput = connection.nextWithOutput
      connection.nextWithOutput = nil
      if firstWithOutput == nil { lastWithOutput = nil }
      connection.flush(on: loop)
    }
    if hasPutOff { loop.goOn() }
  }

  /// Gives a few of those which were put off their turn.
  private func giveTurns(on loop: isolated EventLoop) {
    guard hasPutOff else { return }
    let due = putOff.prefix(Self.turns)
    putOff.removeFirst(due.count)
    hasPutOff = !putOff.isEmpty
    for connection in due { connection.takeTurn(on: loop) }
  }
}
