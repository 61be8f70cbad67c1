// What an origin looks like in the field that a browser sends: any other spelling would never be equal to one.

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
      return host.hasSuffix("]") && CertificateSubject("ip:" + host.dropFirst().dropLast()) != nil
    }
    let labels = host.split(separator: ".", omittingEmptySubsequences: false)
    return labels.allSatisfy { label in
      (1...63).contains(label.utf8.count) && !label.hasPrefix("-") && !label.hasSuffix("-")
        && label.utf8.allSatisfy {
          (0x61...0x7a).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2d || $0 == 0x5f
        }
    }
  }

  private static func isThisMachine(_ host: Substring) -> Bool {
    host == "localhost" || host.hasSuffix(".localhost") || host == "[::1]"
      || (host.hasPrefix("127.") && CertificateSubject("ip:" + host) != nil)
  }
}
