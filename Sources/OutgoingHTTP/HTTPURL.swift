// A URL that something is fetched from, read strictly before libcurl sees it: two readers that disagree about a URL are
// how a request goes where nobody meant it to. Only what RFC 3986 calls an absolute URI without user information.

/// An `http` or `https` URL.
package struct HTTPURL: Sendable, Equatable, CustomStringConvertible {
  /// Why a text isn't one.
  package enum Problem: String, Error, Sendable, CustomStringConvertible {
    case scheme = "begins with neither https:// nor http://"
    case credentials = "holds a user name or password, which would end up in logs; take it out"
    case characters = "holds a character that must be percent-encoded"
    case host = "has no good host name (write an international one in its xn-- form)"
    case port = "has no good port, 1 to 65535"
    case fragment = "has a fragment (#…), which is never sent; take it out"
    case tooLong = "is longer than 2048 bytes"

    package var description: String { rawValue }
  }

  /// The URL as it was written.
  package let description: String
  /// Whether it begins with `https`.
  package let isSecure: Bool
  /// In lower case, an IPv6 address without its brackets.
  package let host: String
  /// Nil where the scheme's own is meant.
  package let port: Int?
  /// Path and query; empty when the URL ends after its authority.
  package let target: String

  /// Reads a URL of at most 2048 bytes.
  package init(_ text: String) throws(Problem) {
    guard text.utf8.count <= 2048 else { throw .tooLong }
    guard let end = text.firstRange(of: "://") else { throw .scheme }
    switch text[..<end.lowerBound].lowercased() {
    case "https": isSecure = true
    case "http": isSecure = false
    default: throw .scheme
    }
    guard text.utf8.allSatisfy(Self.isAllowed) else { throw text.contains("#") ? .fragment : .characters }
    let rest = text[end.upperBound...]
    let authority = rest.prefix { $0 != "/" && $0 != "?" }
    guard !authority.contains("@") else { throw .credentials }
    (host, port) = try Self.split(authority)
    target = String(rest[authority.endIndex...])
    description = text
  }

  /// Whether the host can only be this machine: what is said to it passes over no network.
  package var isLoopback: Bool {
    if host == "localhost" || host == "::1" { return true }
    let numbers = host.split(separator: ".", omittingEmptySubsequences: false)
    return numbers.count == 4 && numbers[0] == "127"
      && numbers.allSatisfy { number in UInt8(number).map { String($0) == number } == true }
  }

  /// Visible ASCII but for what RFC 3986 leaves out of URIs; a fragment can't be part of a request.
  private static func isAllowed(_ byte: UInt8) -> Bool {
    (0x21...0x7E).contains(byte) && !excluded.contains(byte)
  }

  private static let excluded = Set("\"#<>\\^`{|}".utf8)

  private static func split(_ authority: Substring) throws(Problem) -> (String, Int?) {
    let host: Substring
    if authority.first == "[" {
      guard let end = authority.firstIndex(of: "]") else { throw .host }
      host = authority[authority.index(after: authority.startIndex)..<end]
      guard host.contains(":"), host.utf8.allSatisfy(isAddressByte) else { throw .host }
      return (host.lowercased(), try port(authority[authority.index(after: end)...]))
    }
    host = authority.prefix { $0 != ":" }
    let labels = host.split(separator: ".", omittingEmptySubsequences: false)
    guard host.utf8.count <= 253, host.utf8.allSatisfy(isNameByte), !labels.contains("") else { throw .host }
    return (host.lowercased(), try port(authority[host.endIndex...]))
  }

  private static func port(_ text: Substring) throws(Problem) -> Int? {
    guard let colon = text.first else { return nil }
    let digits = text.dropFirst()
    guard colon == ":", (1...5).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
      let port = Int(digits), (1...65_535).contains(port)
    else { throw .port }
    return port
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    (0x61...0x7A).contains(byte | 0x20) || (0x30...0x39).contains(byte) || "._-".utf8.contains(byte)
  }

  private static func isAddressByte(_ byte: UInt8) -> Bool {
    (0x61...0x66).contains(byte | 0x20) || (0x30...0x3A).contains(byte) || byte == UInt8(ascii: ".")
  }
}
