// Where to listen, as an operator writes it: `127.0.0.1:8080`, `[::1]:8080`, `localhost:8080`; port 0 picks one.
//
// Names other than `localhost` are refused: a listener whose address depends on a name server is a surprise waiting.

import Glibc

/// An address to listen on.
/// An address to listen on.
package struct ListenAddress: Sendable, Equatable, CustomStringConvertible {
  /// Which internet protocol.
  /// The internet protocol's version.
  package enum Family: Sendable { case ipv4, ipv6 }

  /// The address's family.
  package let family: Family
  /// The address in its text form, without brackets.
  package let host: String
  /// The TCP port; 0 lets the kernel pick one.
  package let port: UInt16

  /// Parses `host:port`.
  package init(_ text: String) throws(ListenError) {
    guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
      throw .badAddress(text)
    }
    var host = String(text[..<colon])
    if host == "localhost" { host = "127.0.0.1" }
    if host.hasPrefix("["), host.hasSuffix("]") {
      host = String(host.dropFirst().dropLast())
      guard Self.isAddress(host, AF_INET6) else { throw .badAddress(text) }
      family = .ipv6
    } else {
      guard Self.isAddress(host, AF_INET) else { throw .badAddress(text) }
      family = .ipv4
    }
    self.host = host
    self.port = port
  }

  /// `host:port`, IPv6 in brackets.
  package var description: String { BoundAddress(host: host, port: port).description }

  private static func isAddress(_ text: String, _ family: Int32) -> Bool {
    withUnsafeTemporaryAllocation(byteCount: 16, alignment: 8) { inet_pton(family, text, $0.baseAddress) == 1 }
  }
}

/// Where a listener really listens, with the port it was given.
package struct BoundAddress: Sendable, Equatable, CustomStringConvertible {
  /// The address in its text form, without brackets.
  package let host: String
  /// The TCP port.
  package let port: UInt16

  /// `host:port`, IPv6 in brackets.
  package var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

/// Why an address can't be listened on.
package enum ListenError: Error, Equatable, CustomStringConvertible {
  case badAddress(String)
  case inUse(String)
  case notPermitted(String)
  case notLocal(String)
  case failed(String, call: String, errno: Int32)

  /// What, why and the mend, in one line.
  package var description: String {
    switch self {
    case .badAddress(let text): "cannot listen on '\(text)': write host:port, [IPv6]:port or localhost:port"
    case .inUse(let text): "cannot listen on \(text): another process does; stop it or choose another port"
    case .notPermitted(let text): "cannot listen on \(text): not permitted; choose a port of 1024 or above"
    case .notLocal(let text): "cannot listen on \(text): this machine doesn't have that address"
    case .failed(let text, let call, let errno):
      "cannot listen on \(text): \(call): \(String(cString: strerror(errno)))"
    }
  }
}
