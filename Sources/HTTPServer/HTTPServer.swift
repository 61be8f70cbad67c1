// The server over all loops: listens, spreads connections, and stops without cutting an answer off.
//
// Immutable but for what threads may share: atomics and the count by address. Everything else lives in the workers,
// one on each loop.

package import OpenSSL
package import Reactor
import Synchronization
package import Telemetry
import Threads

/// An HTTP/1.1 server on a group of event loops.
/// An HTTP/1.1 server.
package final class HTTPServer: Sendable {
  let limits: Limits
  let metrics: Metrics
  let log: LogRing
  private let group: EventLoopGroup
  private let access: Atomic<UInt8>
  private let listeners = Atomic<Int>(0)
  private let open = Atomic<Int>(0)
  private let closing = Monitor(false)
  private let census = Monitor<[[UInt8]: Int]>([:])
  private let isStopping = Atomic<Bool>(false)

  /// A server on the group's loops; it listens nowhere yet.
  package init(group: EventLoopGroup, limits: Limits, metrics: Metrics, log: LogRing, access: AccessLogMode) {
    self.group = group
    self.limits = limits
    self.metrics = metrics
    self.log = log
    self.access = Atomic(access.rawValue)
    ServerCounter.begin(metrics)
    metrics.gauge("signet_http_connections", "Connections open") { [group] in Double(group.load) }
  }

  /// Which requests are logged; may be changed at any time from any thread.
  package var accessLog: AccessLogMode {
    get { AccessLogMode(rawValue: access.load(ordering: .relaxed)) ?? .errors }
    set { access.store(newValue.rawValue, ordering: .relaxed) }
  }

  /// Listens on an address; clients may connect as soon as it returns. Not from a loop's thread.
  /// - Parameter router: builds the listener's routes, once on each loop.
  package func listen(
    on address: ListenAddress, options: ListenerOptions = ListenerOptions(),
    router: @escaping @Sendable (isolated EventLoop) -> Router
  ) throws(ListenError) -> BoundAddress {
    let socket = try ListeningSocket(address)
    listen(on: socket, options: options, router: router)
    return socket.bound
  }

  /// Listens on a socket which is bound already.
  package func listen(
    on socket: ListeningSocket, options: ListenerOptions = ListenerOptions(),
    router: @escaping @Sendable (isolated EventLoop) -> Router
  ) {
    let number = listeners.wrappingAdd(1, ordering: .relaxed).oldValue
    for loop in group.loops {
      loop.submit { loop in Worker.of(self, on: loop).addTable(router(loop), options, listener: number) }
    }
    // After the routes: each loop takes what is submitted in order, so no connection comes before its router.
    group.loops[number % group.loops.count].submit { loop in self.accept(socket, number, options, on: loop) }
  }

  private func accept(
    _ socket: ListeningSocket, _ number: Int, _ options: ListenerOptions, on loop: isolated EventLoop
  ) {
    let bound = limits.connections + options.reserve
    let accepted = metrics.counter("signet_http_connections_accepted_total", "Connections accepted")
    let paused = metrics.counter("signet_http_accept_pauses_total", "Rests for want of descriptors or memory")
    let listener = Listener(
      socket, on: loop,
      accepted: { connection in
        accepted.add()
        self.place(connection, number, bound, on: loop)
      }, paused: { paused.add() })
    Worker.of(self, on: loop).addListener(listener)
  }

  /// Has new connections of TLS listeners begin with another context; those that are open keep theirs.
  package func use(_ tls: TLSContext) {
    for loop in group.loops { loop.submit { loop in Worker.of(self, on: loop).tls = tls } }
  }

  /// Each loop's part of the handshakes in progress.
  var handshakesPerLoop: Int { max(1, limits.handshakes / group.loops.count) }

  /// Hands a connection to the loop which has fewest.
  private func place(_ connection: AcceptedSocket, _ number: Int, _ bound: Int, on loop: isolated EventLoop) {
    let hasRoom = open.add(1, ordering: .relaxed).newValue <= bound
    let target = group.leastLoaded
    target.load.add(1, ordering: .relaxed)
    if target === loop {
      Worker.of(self, on: loop).adopt(connection, listener: number, hasRoom: hasRoom, on: loop)
    } else {
      target.submit { loop in
        Worker.of(self, on: loop).adopt(connection, listener: number, hasRoom: hasRoom, on: loop)
      }
    }
  }

  /// Counts a connection in under its address; false when that has as many as it may.
  func admit(_ peer: PeerAddress) -> Bool {
    let bound = limits.connectionsPerAddress
    guard bound > 0 else { return true }
    return census.withLock { census in
      let count = census[peer.prefix, default: 0]
      guard count < bound else { return false }
      census[peer.prefix] = count + 1
      return true
    }
  }

  /// Counts a connection out.
  /// - Parameter peer: under whose address it counted; nil for none.
  func connectionEnded(_ peer: PeerAddress?, on loop: EventLoop) {
    loop.load.subtract(1, ordering: .relaxed)
    if let peer, limits.connectionsPerAddress > 0 {
      census.withLock { census in
        let count = census[peer.prefix, default: 1] - 1
        census[peer.prefix] = count > 0 ? count : nil
      }
    }
    let left = open.subtract(1, ordering: .relaxed).newValue
    if left == 0, isStopping.load(ordering: .relaxed) { closing.broadcast() }
  }

  /// Stops accepting, closes what is idle, lets requests in flight end, and returns when all have, or when
  /// `limits.drainTime` is over and the rest was cut off. Blocks; not from a loop's thread.
  package func drain() {
    isStopping.store(true, ordering: .relaxed)
    for loop in group.loops { loop.submit { loop in Worker.of(self, on: loop).drain(on: loop) } }
    // What the listeners take at their end is counted only then.
    waitForLoops()
    waitUntilEmpty(limits.drainTime)
    for loop in group.loops { loop.submit { loop in Worker.of(self, on: loop).closeAll(on: loop) } }
    waitUntilEmpty(100)
    // Everything above ran before this does, so listeners are closed on every loop, also without connections.
    waitForLoops()
  }

  /// Waits until every loop has done what was submitted to it before, a second at most.
  private func waitForLoops() {
    let passed = Monitor(0)
    for loop in group.loops {
      loop.submit { _ in
        passed.withLock { $0 += 1 }
        passed.signal()
      }
    }
    _ = passed.wait(milliseconds: 1000) { [group] in $0 == group.loops.count ? true : nil }
  }

  private func waitUntilEmpty(_ milliseconds: Int) {
    let deadline = monotonicMicroseconds() / 1000 + milliseconds
    while open.load(ordering: .relaxed) > 0 {
      let left = deadline - monotonicMicroseconds() / 1000
      guard left > 0 else { return }
      // Woken by the last connection; a wake-up between the question and the wait costs 50 ms at most.
      _ = closing.wait(milliseconds: min(left, 50)) { [self] _ in open.load(ordering: .relaxed) == 0 ? true : nil }
    }
  }
}
