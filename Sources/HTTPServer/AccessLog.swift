// The access log: one JSON line a request, written by hand into the loop's buffer and handed over once a tick.
//
// It names the route and not the path, since paths and queries can hold secrets.

import Reactor

/// Which requests are logged.
package enum AccessLogMode: UInt8, Sendable {
  case none, errors, all

  /// Whether an answer with that status is.
  func takes(_ status: Int) -> Bool { self == .all || self == .errors && status >= 400 }
}

struct AccessLog {
  private(set) var lines: [UInt8] = []
  private var second = 0
  private var timestamp = ""

  mutating func clear() { lines.removeAll(keepingCapacity: true) }

  /// Writes the line of an exchange that was answered.
  mutating func add(_ exchange: Exchange, wall: Int) {
    if wall / 1000 != second {
      second = wall / 1000
      timestamp = CivilTime(seconds: second).timestamp
    }
    let fraction = String(1000 + wall % 1000).dropFirst()
    lines += "{\"time\":\"\(timestamp).\(fraction)Z\",\"level\":\"info\",\"msg\":\"request\",\"request_id\":\"".utf8
    exchange.withRequestID { lines.append(contentsOf: $0) }
    lines += "\",\"method\":\"\(exchange.method.name)\",\"route\":".utf8
    quote(exchange.route)
    lines += ",\"status\":\(exchange.status),\"duration_us\":\(monotonicMicroseconds() - exchange.startedAt)".utf8
    lines += ",\"ip\":\"\(exchange.peer.text)\",\"bytes\":\(exchange.bodySent)".utf8
    member("user_id", exchange.userID)
    member("session_id", exchange.sessionID)
    member("client_id", exchange.clientID)
    member("cause", exchange.cause)
    lines += "}\n".utf8
  }

  private mutating func member(_ name: StaticString, _ value: String?) {
    guard let value else { return }
    lines += ",\"\(name)\":".utf8
    quote(value)
  }

  /// RFC 8259 7.
  private mutating func quote(_ text: String) {
    lines.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): lines += [UInt8(ascii: "\\"), byte]
      case 0..<0x20: lines += "\\u00\(byte < 16 ? "0" : "1")\(String(byte & 15, radix: 16))".utf8
      default: lines.append(byte)
      }
    }
    lines.append(UInt8(ascii: "\""))
  }
}
