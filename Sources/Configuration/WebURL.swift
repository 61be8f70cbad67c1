// URLs in settings: only as much syntax as these settings need (RFC 3986), strictly.

import Glibc

/// The host and port of a URL.
struct Authority {
  let host: String
  let port: Int?

  init?(_ text: Substring) {
    var rest = text
    if text.first == "[" {
      guard let end = text.firstIndex(of: "]") else { return nil }
      host = String(text[text.index(after: text.startIndex)..<end])
      rest = text[text.index(after: end)...]
      guard Authority.isAddress(host, AF_INET6) else { return nil }
    } else {
      host = String(text.prefix { $0 != ":" })
      rest = text.dropFirst(host.count)
      guard Authority.isName(host) else { return nil }
    }
    guard !rest.isEmpty else {
      port = nil
      return
    }
    guard rest.first == ":", let port = Decimal.parse(rest.dropFirst()), port <= 65_535 else { return nil }
    self.port = port
  }

  /// Whether the host is an IP address, not a name.
  var isAddress: Bool { Authority.isAddress(host, AF_INET) || Authority.isAddress(host, AF_INET6) }

  static func isLoopback(_ host: String) -> Bool {
    host == "localhost" || host.hasPrefix("127.") && isAddress(host, AF_INET) || isIPv6Loopback(host)
  }

  private static func isName(_ host: String) -> Bool {
    guard (1...253).contains(host.utf8.count), host.utf8.allSatisfy(isNameByte) else { return false }
    let labels = host.split(separator: ".", omittingEmptySubsequences: false)
    guard labels.allSatisfy({ !$0.isEmpty && $0.utf8.count <= 63 && !$0.hasPrefix("-") && !$0.hasSuffix("-") }) else {
      return false
    }
    // What ends in a number is an IPv4 address or nothing (WHATWG URL 3.5).
    return labels.last.map { Int($0) == nil } == true || isAddress(host, AF_INET)
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    (0x61...0x7A).contains(byte | 0x20) || (0x30...0x39).contains(byte) || byte == UInt8(ascii: ".")
      || byte == UInt8(ascii: "-")
  }

  private static func isAddress(_ text: String, _ family: Int32) -> Bool {
    withUnsafeTemporaryAllocation(byteCount: 16, alignment: 4) { inet_pton(family, text, $0.baseAddress) == 1 }
  }

  private static func isIPv6Loopback(_ text: String) -> Bool {
    withUnsafeTemporaryAllocation(byteCount: 16, alignment: 4) { bytes in
      inet_pton(AF_INET6, text, bytes.baseAddress) == 1 && bytes.dropLast().allSatisfy { $0 == 0 } && bytes[15] == 1
    }
  }
}

/// `scheme://authority` and what follows.
struct WebURL {
  let isSecure: Bool
  let authority: Authority
  /// Empty, or beginning with a slash.
  let path: Substring

  init?(_ text: String) {
    guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
    isSecure = text.hasPrefix("https://")
    guard isSecure || text.hasPrefix("http://") else { return nil }
    let rest = text.dropFirst(isSecure ? 8 : 7)
    let end = rest.firstIndex(of: "/") ?? rest.endIndex
    guard let authority = Authority(rest[..<end]), authority.port != 0 else { return nil }
    (self.authority, path) = (authority, rest[end...])
  }
}

/// RFC 8414 2: the issuer is a URL without query or fragment.
enum Issuer {
  private static let pathBytes = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/".utf8)

  static func isGood(_ text: String) -> Bool {
    guard let url = WebURL(text), text.utf8.count <= 512, !text.hasSuffix("/") else { return false }
    return url.path.utf8.allSatisfy(pathBytes.contains) && !url.path.contains("//")
  }

  /// Whether tokens are safe on the way to it: TLS, or never leaving the machine.
  static func isProtected(_ text: String) -> Bool {
    WebURL(text).map { $0.isSecure || Authority.isLoopback($0.authority.host) } == true
  }
}

/// RFC 6454 6.2: how browsers write an origin, in lower case.
enum Origins {
  static func isGood(_ text: String) -> Bool {
    WebURL(text).map { $0.path.isEmpty } == true && text == text.lowercased()
  }
}

/// `sqlite://` and a path.
enum StoreURL {
  /// The path in `url`: `/./` and `/../` begin a relative one; nil when it is no such URL.
  static func path(_ url: String) -> String? {
    guard url.hasPrefix("sqlite:///"), url.utf8.count > 10, !url.hasSuffix("/"), Check.path.isGood(url),
      !url.contains("?"), !url.contains("#")
    else { return nil }
    let path = String(url.dropFirst(9))
    return path.hasPrefix("/./") || path.hasPrefix("/../") ? String(path.dropFirst()) : path
  }

  static func text(path: String) -> String {
    if path.hasPrefix("/") { return "sqlite://" + path }
    return path.hasPrefix("./") || path.hasPrefix("../") ? "sqlite:///" + path : "sqlite:///./" + path
  }
}
