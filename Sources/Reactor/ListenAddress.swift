// Where to listen, as an operator writes it: `127.0.0.1:8080`, `[::1]:8080`, `localhost:8080`, `unix:/run/x.sock`;
// port 0 picks one.
//
// Names other than `localhost` are refused: a listener whose address depends on a name server is a surprise waiting.
// Hosts are kept as the kernel writes them, so that a socket which was handed over is recognised by its address.

import CLinux
import Glibc

/// An address to listen on.
package struct ListenAddress: Sendable, Equatable, CustomStringConvertible {
  /// The place; its port may be 0, which lets the kernel pick one.
  package let place: BoundAddress
  /// The permission bits of a Unix socket's file.
  package let mode: UInt32

  /// Parses `host:port` or `unix:/path`.
  package init(_ text: String) throws(ListenError) {
    if text.hasPrefix("unix:") {
      try self.init(unix: String(text.dropFirst(5)))
    } else {
      self.init(place: try Self.place(text), mode: 0)
    }
  }

  /// A Unix socket at an absolute path of at most 107 bytes, without a zero byte.
  package init(unix path: String, mode: UInt32 = 0o660) throws(ListenError) {
    guard path.hasPrefix("/"), path.utf8.count < SocketName.pathSize, !path.utf8.contains(0) else {
      throw .badPath(path)
    }
    self.init(place: BoundAddress(family: .unix, host: path, port: 0), mode: mode)
  }

  private init(place: BoundAddress, mode: UInt32) { (self.place, self.mode) = (place, mode) }

  private static func place(_ text: String) throws(ListenError) -> BoundAddress {
    guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
      throw .badAddress(text)
    }
    var host = String(text[..<colon])
    if host == "localhost" { host = "127.0.0.1" }
    let isIPv6 = host.hasPrefix("[") && host.hasSuffix("]")
    if isIPv6 { host = String(host.dropFirst().dropLast()) }
    guard let canonical = canonical(host, isIPv6 ? AF_INET6 : AF_INET) else { throw .badAddress(text) }
    return BoundAddress(family: isIPv6 ? .ipv6 : .ipv4, host: canonical, port: port)
  }

  /// An address in its shortest form; nil when it isn't one.
  private static func canonical(_ text: String, _ family: Int32) -> String? {
    withUnsafeTemporaryAllocation(byteCount: 16, alignment: 8) { bytes in
      guard inet_pton(family, text, bytes.baseAddress) == 1 else { return nil }
      return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 46) { buffer in
        inet_ntop(family, bytes.baseAddress, buffer.baseAddress, 46).map { String(cString: $0) }
      }
    }
  }

  /// The address in its text form, without brackets; a Unix socket's path.
  package var host: String { place.host }

  /// The TCP port; 0 lets the kernel pick one.
  package var port: UInt16 { place.port }

  /// `host:port`, IPv6 in brackets, or `unix:/path`.
  package var description: String { place.description }
}

/// Where a listener really listens, with the port it was given.
package struct BoundAddress: Sendable, Hashable, CustomStringConvertible {
  /// The kind of address.
  package enum Family: Sendable { case ipv4, ipv6, unix }

  /// The kind of address.
  package let family: Family
  /// The address in its text form, without brackets; a Unix socket's path, or `@` and a name without a file.
  package let host: String
  /// The TCP port; 0 for a Unix socket.
  package let port: UInt16

  /// `host:port`, IPv6 in brackets, or `unix:/path`.
  package var description: String {
    switch family {
    case .ipv4: "\(host):\(port)"
    case .ipv6: "[\(host)]:\(port)"
    case .unix: "unix:\(host)"
    }
  }
}
