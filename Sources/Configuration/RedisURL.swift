// `redis://[user[:password]@]host[:port][/database]`, or `unix://[user[:password]@]/path[?db=number]`.

/// Where a Redis or Valkey server is, and who we are to it.
package struct RedisURL: Sendable, Equatable {
  /// Where it listens.
  package enum Place: Sendable, Equatable {
    case tcp(host: String, port: Int)
    /// A Unix socket's path.
    case unix(String)
  }

  package let place: Place
  package let user: String?
  package let password: Secret?
  package let database: Int

  static let shape = "redis://[user:password@]host[:port][/database] or unix://[user:password@]/path[?db=number]"

  /// Reads it; what is wrong never shows what was written, since that may hold the password.
  init(_ text: String) throws(Complaint) {
    guard !text.hasPrefix("rediss://") else {
      throw Complaint(
        "asks for TLS, which this build's hiredis doesn't do; give redis:// or unix:// to a tunnel on this machine, such as "
          + "stunnel's")
    }
    let isUnix = text.hasPrefix("unix://")
    guard isUnix || text.hasPrefix("redis://"), text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { throw Self.bad }
    let rest = text.dropFirst(isUnix ? 7 : 8)
    let end = rest.firstIndex(of: "/") ?? rest.endIndex
    let at = rest[..<end].lastIndex(of: "@")
    (user, password) = try Self.credentials(at.map { rest[..<$0] })
    let host = rest[(at.map { rest.index(after: $0) } ?? rest.startIndex)..<end]
    (place, database) = isUnix ? try Self.unix(host, rest[end...]) : try Self.tcp(host, rest[end...])
  }

  private static let bad = Complaint("is no such URL; give \(shape)")

  /// A name alone is no credential: what is given without a colon is taken for neither.
  private static func credentials(_ text: Substring?) throws(Complaint) -> (String?, Secret?) {
    guard let text else { return (nil, nil) }
    guard let colon = text.firstIndex(of: ":"), let user = decoded(text[..<colon]),
      let password = decoded(text[text.index(after: colon)...]), !password.isEmpty
    else { throw bad }
    return (user.isEmpty ? nil : user, Secret(password))
  }

  private static func tcp(_ host: Substring, _ rest: Substring) throws(Complaint) -> (Place, Int) {
    guard let authority = Authority(host), authority.port != 0 else { throw bad }
    let number = rest.dropFirst()
    return (.tcp(host: authority.host, port: authority.port ?? 6379), number.isEmpty ? 0 : try database(number))
  }

  private static func unix(_ host: Substring, _ rest: Substring) throws(Complaint) -> (Place, Int) {
    let parts = rest.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    // sun_path's size, with the zero that ends it.
    guard host.isEmpty, let path = parts.first.flatMap(decoded), (2..<108).contains(path.utf8.count) else { throw bad }
    guard parts.count == 2 else { return (.unix(path), 0) }
    guard parts[1].hasPrefix("db=") else { throw bad }
    return (.unix(path), try database(parts[1].dropFirst(3)))
  }

  private static func database(_ text: Substring) throws(Complaint) -> Int {
    guard let number = Decimal.parse(text), number < 1_000_000 else { throw bad }
    return number
  }

  /// RFC 3986 section 2.1; nil for what is no UTF-8, or holds a zero.
  private static func decoded(_ text: Substring) -> String? {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      let digits = String(decoding: rest.prefix(2), as: UTF8.self)
      guard digits.count == 2, digits.allSatisfy(\.isHexDigit), let value = UInt8(digits, radix: 16), value != 0 else {
        return nil
      }
      bytes.append(value)
      rest = rest.dropFirst(2)
    }
    return String(validating: bytes, as: UTF8.self)
  }
}
