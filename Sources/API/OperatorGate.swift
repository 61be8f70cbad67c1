// Who may speak to the operators' listener: programs on this machine, and no page in a browser on it.
//
// The listener is on loopback, but a page anywhere can have its name resolve to 127.0.0.1 (DNS rebinding): its requests
// then carry the page's own name as Host. Operators' tools send no Origin.

import HTTPServer

/// Refuses requests to the operators' listener that a browser's page may have caused.
enum OperatorGate {
  /// Answers 403 and says so, unless Host is a loopback name and there is no Origin.
  static func turnsAway(_ exchange: Exchange) -> Bool {
    guard exchange.field(.origin) == nil, isLoopback(exchange.field(.host) ?? "") else {
      exchange.cause = "operators_host"
      let why = "operators use http://127.0.0.1 or http://localhost here, from no web page"
      ErrorResponse(403, "forbidden", why).answer(exchange)
      return true
    }
    return false
  }

  /// The port that an authority names; 0 when it names none.
  static func port(of authority: String) -> Int? {
    let end = authority.lastIndex(of: "]") ?? authority.startIndex
    guard let colon = authority[end...].firstIndex(of: ":") else { return 0 }
    return Int(authority[authority.index(after: colon)...])
  }

  private static func isLoopback(_ authority: String) -> Bool {
    if authority.hasPrefix("[::1]") { return true }
    let host = authority.prefix { $0 != ":" }.lowercased()
    if host == "localhost" { return true }
    let numbers = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
    return numbers.count == 4 && numbers[0] == 127 && !numbers.contains(nil)
  }
}
