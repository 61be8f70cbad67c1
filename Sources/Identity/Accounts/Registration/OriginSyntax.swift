// What an origin looks like in the field that a browser sends: any other spelling would never be equal to one.

import Glibc

/// Origins of pages (RFC 6454 section 6.2) as browsers write them.
package enum OriginSyntax {
  /// Whether `text` is one whose pages may be trusted with anything: of https, or of this machine.
  package static func isValid(_ text: String) -> Bool {
    guard text.utf8.count <= 255, let separator = text.firstRange(of: "://") else { return false }
    let scheme = text[..<separator.lowerBound]
    let (host, port) = split(text[separator.upperBound...])
    guard isHost(host) else { return false }
    if let port {
      // A default port is never written.
      guard let number = UInt16(port), number > 0, String(number) == port else { return false }
      if (scheme == "https" && number == 443) || (scheme == "http" && number == 80) { return false }
    }
    return scheme == "https" || (scheme == "http" && isThisMachine(host))
  }

  private static func split(_ authority: Substring) -> (host: Substring, port: Substring?) {
    // The colons of an IPv6 address stand in brackets.
    guard let colon = authority.lastIndex(of: ":"), !authority.hasSuffix("]") else { return (authority, nil) }
    return (authority[..<colon], authority[authority.index(after: colon)...])
  }

  private static func isHost(_ host: Substring) -> Bool {
    if host.hasPrefix("[") {
      return host.hasSuffix("]") && isAddress(host.dropFirst().dropLast(), AF_INET6)
    }
    let labels = host.split(separator: ".", omittingEmptySubsequences: false)
    // To a browser a host that ends in a number is an address, of which it writes all four numbers in decimal.
    if let last = labels.last, last.hasPrefix("0x") || last.allSatisfy(\.isNumber) { return isAddress(host, AF_INET) }
    return labels.allSatisfy { label in
      (1...63).contains(label.utf8.count) && !label.hasPrefix("-") && !label.hasSuffix("-")
        && label.utf8.allSatisfy {
          (0x61...0x7a).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2d || $0 == 0x5f
        }
    }
  }

  private static func isThisMachine(_ host: Substring) -> Bool {
    host == "localhost" || host.hasSuffix(".localhost") || host == "[::1]"
      || (host.hasPrefix("127.") && isAddress(host, AF_INET))
  }

  /// Whether it is an address in the one form in which it is written.
  private static func isAddress(_ text: Substring, _ family: Int32) -> Bool {
    var bytes = in6_addr()
    var written = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    guard inet_pton(family, String(text), &bytes) == 1,
      inet_ntop(family, &bytes, &written, socklen_t(written.count)) != nil
    else { return false }
    // With a dotted part it is an IPv4 address in IPv6's clothes, which browsers write otherwise.
    return written.prefix { $0 != 0 }.elementsEqual(text.utf8.map { CChar(bitPattern: $0) })
      && (family == AF_INET || !text.contains("."))
  }
}
