// The access log's line, against a JSON reader that isn't ours.

import FoundationEssentials
import HTTPServer
import Reactor
import Telemetry
import Testing
import Threads

@testable import HTTPServer

private struct Line: Decodable, Equatable {
  let time, level, msg, request_id, method, route, ip: String
  let status, duration_us, bytes: Int
  let user_id, session_id, client_id, cause: String?
}

@Suite struct AccessLogTests {
  @Test func aLineIsJSONWhateverItHolds() throws {
    let nasty = "a\"b\\c\nd\u{1f}é"
    let lines = try written { exchange in
      exchange.userID = nasty
      exchange.cause = "wrong_password"
      exchange.respond(401, contentType: nil, body: "no")
    }
    let line = try JSONDecoder().decode(Line.self, from: Data(lines))
    #expect(line.user_id == nasty && line.cause == "wrong_password" && line.session_id == nil)
    #expect(line.status == 401 && line.bytes == 2 && line.ip == "10.0.0.1" && line.route == "")
    #expect(line.time == "2001-09-09T01:46:40.007Z" && isGood(line.request_id))
    #expect(line.method == "-" && line.msg == "request" && line.level == "info" && line.duration_us >= 0)
  }

  private func isGood(_ text: String) -> Bool { Array(text.utf8).withUnsafeBytes { isRequestID($0) } }

  /// What is logged of an exchange which `body` has answered, on a loop of its own.
  private func written(_ body: @escaping @Sendable (Exchange) -> Void) throws -> [UInt8] {
    let group = EventLoopGroup(count: 1)
    let server = HTTPServer(group: group, limits: Limits(), metrics: Metrics(), log: LogRing(), access: .all)
    let result = Monitor<[UInt8]?>(nil)
    group.loops[0].submit { loop in
      let worker = Worker.of(server, on: loop)
      let table = RouteTable(Router([], prepare: { _, _ in false }, failure: { _, _ in }), ListenerOptions(), Metrics())
      let exchange = Exchange(worker: worker, routes: table, loop: loop)
      exchange.peer = PeerAddress(ipv4: 0x0a00_0001)
      exchange.begin(at: loop.nowMicroseconds)
      body(exchange)
      let log = AccessLog()
      log.add(exchange, wall: 1_000_000_000_007)
      let lines = log.takeLines()
      result.withLock { $0 = lines }
      result.signal()
    }
    let lines = result.wait(milliseconds: 5000) { $0 }
    group.stop()
    group.join()
    return try #require(lines)
  }
}
