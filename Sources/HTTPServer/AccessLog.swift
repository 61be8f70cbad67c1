// The access log: one JSON line a request, written by hand into the loop's buffer and handed over once a tick.
//
// It names the route and not the path, since paths and queries can hold secrets.

import Reactor

/// Which requests are logged; `errors` are those answered with 400 or above.
package enum AccessLogMode: UInt8, Sendable {
  case none, errors, all

  /// Whether an answer with that status is.
  func takes(_ status: Int) -> Bool { self == .all || self == .errors && status >= 400 }
}

final class AccessLog {
  private let buffer = Buffer()
  private var second = 0
  private var timestamp = ""

  /// The lines since the last call; nil when there are none.
  func takeLines() -> [UInt8]? {
    guard !buffer.isEmpty else { return nil }
    defer { buffer.shrink() }
    return Array(buffer.bytes)
  }

  /// Writes the line of an exchange that was answered.
  func add(_ exchange: Exchange, wall: Int) {
    begin(wall)
    buffer.append("Z\",\"level\":\"info\",\"msg\":\"request\",\"request_id\":\"")
    exchange.withRequestID { buffer.append($0) }
    buffer.append("\",\"method\":\"")
    buffer.append(exchange.parser.hasRequestLine ? exchange.method.name : "-")
    buffer.append("\"")
    member(",\"route\":", exchange.route)
    member(",\"status\":", exchange.status)
    member(",\"duration_us\":", max(0, monotonicMicroseconds() - exchange.startedAt))
    member(",\"ip\":", exchange.client.text)
    member(",\"bytes\":", exchange.bodySent)
    member(",\"user_id\":", exchange.userID)
    member(",\"session_id\":", exchange.sessionID)
    member(",\"client_id\":", exchange.clientID)
    member(",\"cause\":", exchange.cause)
    buffer.append("}\n")
  }

  /// Writes the line of a connection that was turned away before its first request.
  func add(refusal cause: String, of peer: PeerAddress, wall: Int) {
    begin(wall)
    buffer.append("Z\",\"level\":\"info\",\"msg\":\"connection refused\"")
    member(",\"ip\":", peer.text)
    member(",\"cause\":", cause)
    buffer.append("}\n")
  }

  private func begin(_ wall: Int) {
    if wall / 1000 != second {
      second = wall / 1000
      timestamp = CivilTime(seconds: second).timestamp
    }
    buffer.append("{\"time\":\"")
    buffer.append(timestamp)
    buffer.append(".")
    // Three digits always.
    if wall % 1000 < 100 { buffer.append("0") }
    if wall % 1000 < 10 { buffer.append("0") }
    buffer.append(decimal: wall % 1000)
  }

  private func member(_ name: StaticString, _ number: Int) {
    buffer.append(name)
    buffer.append(decimal: number)
  }

  private func member(_ name: StaticString, _ text: String?) {
    guard let text else { return }
    buffer.append(name)
    buffer.append("\"")
    if text.utf8.allSatisfy({ $0 >= 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }) {
      buffer.append(text)
    } else {
      buffer.append(escaped(text))
    }
    buffer.append("\"")
  }

  /// RFC 8259 7.
  private func escaped(_ text: String) -> [UInt8] {
    var bytes: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
      case 0..<0x20: bytes += "\\u00\(byte < 16 ? "0" : "1")\(String(byte & 15, radix: 16))".utf8
      default: bytes.append(byte)
      }
    }
    return bytes
  }
}
