// Where a listener listens and how, as one entry of `listen`: `127.0.0.1:8080`, `https://[::]:443?proxy=v2`,
// `unix:/run/signet/signet.sock?mode=0666`.
//
// Names other than `localhost` are refused: a listener whose address depends on a name server is a surprise waiting.

/// Where a listener listens and what its peers speak.
package struct ListenAddress: Sendable, Equatable, CustomStringConvertible {
  /// The place itself.
  package enum Kind: Sendable, Equatable {
    /// An IPv4 address, an IPv6 address without brackets or `localhost`; port 0: the system picks one.
    case tcp(host: String, port: Int)
    /// An absolute path of at most 107 bytes, and the file's permission bits.
    case unix(path: String, mode: UInt32)
  }

  /// What was written before the place.
  package enum Scheme: Sendable, Equatable { case unsaid, http, https }

  /// The place itself.
  package let kind: Kind
  /// `http` and `https` overrule `tls.mode` for this listener; a Unix socket has none.
  package let scheme: Scheme
  /// Whether each connection begins with a PROXY protocol v2 header.
  package let expectsProxyHeader: Bool

  /// What a good entry looks like.
  static let shape =
    "host:port, http://host:port, https://host:port or unix:/path, where ?proxy=v2 may follow, "
    + "and ?mode=0660 after a path"

  /// What `sun_path` holds besides its final zero byte.
  static let pathLimit = 107

  /// Reads an entry; the complaint follows "give".
  init(reading text: String) throws(ListenComplaint) {
    let end = text.firstIndex(of: "?") ?? text.endIndex
    let options = try ListenOptions(text[end...])
    (scheme, kind) = try Self.place(text[..<end], mode: options.mode)
    expectsProxyHeader = options.expectsProxyHeader
  }

  /// Reads an entry; nil when it isn't good.
  init?(_ text: String) {
    guard let address = try? ListenAddress(reading: text) else { return nil }
    self = address
  }

  private static func place(_ text: Substring, mode: UInt32?) throws(ListenComplaint) -> (Scheme, Kind) {
    if text.hasPrefix("unix:") { return (.unsaid, .unix(path: try path(text.dropFirst(5)), mode: mode ?? 0o660)) }
    if mode != nil { throw ListenComplaint("mode= with unix:/path only") }
    let scheme: Scheme = text.hasPrefix("https://") ? .https : text.hasPrefix("http://") ? .http : .unsaid
    let rest = text.dropFirst(scheme == .https ? 8 : scheme == .http ? 7 : 0)
    guard let authority = Authority(rest), let port = authority.port else { throw ListenComplaint(shape) }
    guard authority.isAddress || authority.host == "localhost" else {
      throw ListenComplaint("an IP address of this machine, or localhost, for the host")
    }
    return (scheme, .tcp(host: authority.host, port: port))
  }

  private static func path(_ text: Substring) throws(ListenComplaint) -> String {
    let path = String(text)
    guard path.hasPrefix("/"), !path.hasSuffix("/"), path.utf8.count <= pathLimit, Check.path.isGood(path) else {
      throw ListenComplaint("unix: and the absolute path of a socket, of at most \(pathLimit) bytes")
    }
    return path
  }

  /// Whether it is a Unix socket.
  package var isUnix: Bool { if case .unix = kind { true } else { false } }

  /// Whether only this machine can reach it.
  package var isLoopback: Bool {
    switch kind {
    case .tcp(let host, _): Authority.isLoopback(host)
    case .unix: true
    }
  }

  /// What no other listener may have as well; nil for a port that the system picks.
  var place: String? {
    switch kind {
    case .tcp(_, 0): nil
    case .tcp("localhost", let port): "127.0.0.1:\(port)"
    default: description
    }
  }

  /// Whether it is an IPv6 address.
  var isIPv6: Bool { if case .tcp(let host, _) = kind { host.contains(":") } else { false } }

  /// Whether the system gives it `other`'s connections too: `[::]` takes IPv4 as well (ipv6(7), IPV6_V6ONLY).
  func covers(_ other: ListenAddress) -> Bool {
    guard case .tcp(let host, let port) = kind, case .tcp(_, port) = other.kind, port != 0 else { return false }
    return host == "::" || host == "0.0.0.0" && !other.isIPv6
  }

  /// `host:port`, an IPv6 address in brackets, or `unix:/path`.
  package var description: String {
    switch kind {
    case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    case .unix(let path, _): "unix:\(path)"
    }
  }
}

/// What to give instead of an entry that isn't good.
struct ListenComplaint: Error {
  let mend: String

  init(_ mend: String) { self.mend = mend }
}

/// What stands after the question mark.
private struct ListenOptions {
  private(set) var expectsProxyHeader = false
  private(set) var mode: UInt32?

  /// Reads nothing, or `?` and options joined by `&`.
  init(_ text: Substring) throws(ListenComplaint) {
    guard !text.isEmpty else { return }
    for option in text.dropFirst().split(separator: "&", omittingEmptySubsequences: false) {
      if option == "proxy=v2", !expectsProxyHeader {
        expectsProxyHeader = true
      } else if option.hasPrefix("mode="), mode == nil, let bits = Self.bits(option.dropFirst(5)) {
        mode = bits
      } else {
        throw ListenComplaint(
          "proxy=v2, or mode= and an octal number such as 0660, each once, joined by &, after the ?")
      }
    }
  }

  /// Read and write for owner, group and others; a server whose own owner can't connect is of no use.
  private static func bits(_ text: Substring) -> UInt32? {
    guard (3...4).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x37).contains($0) }),
      let bits = UInt32(text, radix: 8), bits <= 0o777, bits & 0o600 == 0o600
    else { return nil }
    return bits
  }
}

extension Check {
  /// An entry of `listen`.
  static let listener = Check(ListenAddress.shape, mend: ListenAddress.mend) { ListenAddress($0) != nil }

  /// The value of `admin.listen`.
  static let operators = Check("host:port, http://host:port, unix:/path or off") { text in
    if text == "off" { return true }
    guard let address = ListenAddress(text) else { return false }
    return address.scheme != .https && !address.expectsProxyHeader
  }
}

extension ListenAddress {
  /// What to give instead of `text`.
  fileprivate static func mend(_ text: String) -> String? {
    do {
      _ = try ListenAddress(reading: text)
      return nil
    } catch {
      return error.mend
    }
  }
}
