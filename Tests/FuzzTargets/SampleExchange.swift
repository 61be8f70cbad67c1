// An exchange without a connection, for parsers which take their bytes from one.
//
// It is made once on a loop that has ended since, so no other thread has it; a lock lets one run use it at a time.

#if DEBUG || FUZZING
@testable import HTTPServer
import Reactor
import Synchronization
import Telemetry

/// The one exchange.
final class SampleExchange: Sendable {
  /// `@unchecked Sendable`: what it holds was handed over by a loop that has ended, and is used under the lock.
  private struct Parts: @unchecked Sendable {
    let worker: Worker
    let table: RouteTable
    let exchange: Exchange
  }

  private static let shared = SampleExchange()
  private let parts = Mutex<Parts?>(nil)

  private init() {
    let group = EventLoopGroup(count: 1)
    let server = HTTPServer(group: group, limits: Limits(), metrics: Metrics(), log: LogRing(), access: .none)
    group.loops[0].submit { [self] loop in
      let table = RouteTable(
        Router([], prepare: { _, _ in false }, failure: { _, _ in }), ListenerOptions(), server.metrics)
      let worker = Worker.of(server, on: loop)
      let made = Parts(worker: worker, table: table, exchange: Exchange(worker: worker, routes: table, loop: loop))
      parts.withLock { $0 = made }
    }
    group.stop()
    group.join()
  }

  /// Runs `body` with a request which has this body and media type.
  static func with(
    body bytes: UnsafeRawBufferPointer, type: String, _ body: (Exchange) throws -> Void
  ) throws {
    try shared.parts.withLock { parts in
      guard let exchange = parts?.exchange else { throw Broken("there is no exchange") }
      exchange.input.clear()
      exchange.parser.reset()
      exchange.input.append(
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: \(type)\r\nContent-Length: \(bytes.count)\r\n\r\n")
      exchange.input.append(bytes)
      guard try exchange.parser.advance(exchange.input.bytes, Limits()) else { throw Broken("the request isn't whole") }
      try body(exchange)
    }
  }
}
#endif
