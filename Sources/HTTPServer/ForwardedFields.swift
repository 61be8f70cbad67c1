// Who a request comes from when proxies stand in front: `Forwarded` (RFC 7239) and `X-Forwarded-For`, as values.
//
// Lists are read from their right end, since each proxy adds at the right and only what trusted ones added counts:
// whatever a client wrote to the left, an unbalanced quotation mark included, changes nothing. No I/O, no state; at most
// `elements` are looked at. It doesn't decide which peers are proxies, and who calls it has checked that the peer is one.

package import Reactor

/// Reads the fields in which proxies name the client.
package enum ForwardedFields {
  /// Which field is believed.
  package enum Choice: Sendable, CaseIterable {
    /// Whichever is there; neither when both are and name different clients.
    case auto
    /// `Forwarded` alone (RFC 7239).
    case forwarded
    /// `X-Forwarded-For` and `X-Forwarded-Proto` alone.
    case xForwardedFor
  }

  /// Where a request comes from.
  package struct Origin: Equatable, Sendable {
    /// The client's address; the peer's when no field names one.
    package var address: PeerAddress
    /// Whether the client used TLS; nil when the believed field doesn't say.
    package var isSecure: Bool?
    /// Whether two fields named different clients, so that neither was believed.
    package var conflict = false
  }

  /// Elements looked at, from the right: more proxies than stand in any row.
  static let elements = 32

  /// The client of a request that came from `peer`, which is a trusted proxy.
  ///
  /// A proxy which sets one field passes on the other as a client sent it, so two that differ are both refused.
  /// - Parameters:
  ///   - forwarded: the value of `Forwarded`, several lines joined by a comma; nil when absent, likewise the others.
  ///   - isTrusted: whether an address is a proxy's, whose word about the one before it counts.
  package static func client(
    peer: PeerAddress, forwarded: UnsafeRawBufferPointer?, xForwardedFor: UnsafeRawBufferPointer?,
    xForwardedProto: UnsafeRawBufferPointer?, header: Choice, isTrusted: (PeerAddress) -> Bool
  ) -> Origin {
    let standard =
      header == .xForwardedFor
      ? nil : walk(forwarded, from: peer, isTrusted) { (element) in ForwardedElement(element)?.hop }
    var custom =
      header == .forwarded
      ? nil : walk(xForwardedFor, from: peer, isTrusted) { (element) in Hop(address: node(element)) }
    let proto = header == .forwarded ? nil : lastProto(xForwardedProto)
    custom?.isSecure = proto
    guard var origin = standard else { return custom ?? Origin(address: peer, isSecure: proto) }
    guard let custom else { return origin }
    guard origin.address == custom.address else { return Origin(address: peer, isSecure: nil, conflict: true) }
    if let proto, let isSecure = origin.isSecure, proto != isSecure {
      origin.isSecure = nil
    } else {
      origin.isSecure = origin.isSecure ?? proto
    }
    return origin
  }

  /// What one element says.
  struct Hop {
    var address: PeerAddress?
    var isSecure: Bool?
  }

  /// Goes from the last element to the left for as long as it meets proxies; nil when the list is absent or empty.
  private static func walk(
    _ list: UnsafeRawBufferPointer?, from peer: PeerAddress, _ isTrusted: (PeerAddress) -> Bool,
    _ read: (UnsafeRawBufferPointer) -> Hop?
  ) -> Origin? {
    guard let list else { return nil }
    var origin: Origin?
    var rest = list
    for _ in 0..<elements {
      guard let element = takeLast(&rest) else { break }
      guard let hop = read(element), let address = hop.address else { return origin ?? Origin(address: peer) }
      origin = Origin(address: address, isSecure: hop.isSecure)
      guard isTrusted(address) else { break }
    }
    return origin
  }

  /// Takes the last element, trimmed, off a list; nil when none is left. Empty ones are passed over (RFC 9110 5.6.1.2).
  ///
  /// A comma in a quoted string divides nothing. Read backwards, a quotation mark is part of a string when an odd number of
  /// backslashes stands before it.
  static func takeLast(_ list: inout UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
    while let end = list.last, end.isBlank || end == UInt8(ascii: ",") {
      list = UnsafeRawBufferPointer(rebasing: list.dropLast())
    }
    guard !list.isEmpty else { return nil }
    var start = list.count
    var isQuoted = false
    while start > 0 {
      let byte = list[start - 1]
      if byte == UInt8(ascii: ","), !isQuoted { break }
      if byte == UInt8(ascii: "\""), !isEscaped(list, start - 1) { isQuoted.toggle() }
      start -= 1
    }
    let element = UnsafeRawBufferPointer(rebasing: list[start...]).trimmed
    list = UnsafeRawBufferPointer(rebasing: list[..<max(0, start - 1)])
    return element
  }

  private static func isEscaped(_ bytes: UnsafeRawBufferPointer, _ position: Int) -> Bool {
    var start = position
    while start > 0, bytes[start - 1] == UInt8(ascii: "\\") { start -= 1 }
    return (position - start) % 2 == 1
  }

  private static func lastProto(_ list: UnsafeRawBufferPointer?) -> Bool? {
    guard var list else { return nil }
    return takeLast(&list).flatMap { isSecure($0) }
  }

  /// True for `https`, false for `http` (RFC 3986 3.1: without regard to case), nil for anything else.
  static func isSecure(_ proto: UnsafeRawBufferPointer) -> Bool? {
    if proto.equalsIgnoringCase("https") { return true }
    return proto.equalsIgnoringCase("http") ? false : nil
  }
}

/// One element of `Forwarded` (RFC 7239 4): pairs of a name and a token or quoted string, divided by semicolons.
///
/// Of these `for` and `proto` are kept. Looser than the grammar in one thing: blanks may stand around a semicolon.
struct ForwardedElement {
  private(set) var hop = ForwardedFields.Hop()
  private var hasFor = false
  private var hasProto = false

  /// Nil when the element is malformed.
  init?(_ element: UnsafeRawBufferPointer) {
    var cursor = Cursor(bytes: element)
    repeat {
      cursor.skipBlanks()
      // RFC 7239 4: a pair may be missing between two semicolons.
      if cursor.isAtEnd || cursor.peek == UInt8(ascii: ";") { continue }
      guard let name = cursor.token(), cursor.take(UInt8(ascii: "=")), let value = cursor.value(), keep(name, value)
      else {
        return nil
      }
      cursor.skipBlanks()
    } while cursor.take(UInt8(ascii: ";"))
    guard cursor.isAtEnd else { return nil }
  }

  /// False for a parameter that stands there twice (RFC 7239 4).
  private mutating func keep(_ name: UnsafeRawBufferPointer, _ value: Cursor.Value) -> Bool {
    if name.equalsIgnoringCase("for") {
      defer { hasFor = true }
      hop.address = value.withBytes { ForwardedFields.node($0, obfuscatedPort: true) }
      return !hasFor
    }
    if name.equalsIgnoringCase("proto") {
      defer { hasProto = true }
      hop.isSecure = value.withBytes { ForwardedFields.isSecure($0) }
      return !hasProto
    }
    return true
  }
}

extension ForwardedElement {
  /// A place in an element.
  struct Cursor {
    let bytes: UnsafeRawBufferPointer
    private var position = 0

    init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    var isAtEnd: Bool { position == bytes.count }
    var peek: UInt8? { isAtEnd ? nil : bytes[position] }

    mutating func take(_ byte: UInt8) -> Bool {
      guard peek == byte else { return false }
      position += 1
      return true
    }

    mutating func skipBlanks() {
      while let byte = peek, byte.isBlank { position += 1 }
    }

    /// RFC 9110 5.6.2; nil when there is none.
    mutating func token() -> UnsafeRawBufferPointer? {
      let start = position
      while let byte = peek, byte.isTokenByte { position += 1 }
      return position == start ? nil : UnsafeRawBufferPointer(rebasing: bytes[start..<position])
    }

    /// A token or a quoted string, what it stands for.
    mutating func value() -> Value? {
      guard take(UInt8(ascii: "\"")) else { return token().map { Value(raw: $0, isEscaped: false) } }
      let start = position
      var isEscaped = false
      while let byte = peek {
        position += 1
        if byte == UInt8(ascii: "\"") {
          return Value(raw: UnsafeRawBufferPointer(rebasing: bytes[start..<(position - 1)]), isEscaped: isEscaped)
        }
        // RFC 9110 5.6.4: a backslash quotes the byte behind it.
        if byte == UInt8(ascii: "\\") {
          guard !isAtEnd else { return nil }
          isEscaped = true
          position += 1
        }
        guard bytes[position - 1].isValueByte else { return nil }
      }
      return nil
    }
  }
}

extension ForwardedElement.Cursor {
  /// A value as it was written.
  struct Value {
    let raw: UnsafeRawBufferPointer
    let isEscaped: Bool

    /// Runs `body` with what the value stands for.
    func withBytes<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R {
      guard isEscaped else { return body(raw) }
      return withUnsafeTemporaryAllocation(byteCount: raw.count, alignment: 1) { target in
        var written = 0
        var index = 0
        while index < raw.count {
          if raw[index] == UInt8(ascii: "\\") { index += 1 }
          target[written] = raw[index]
          written += 1
          index += 1
        }
        return body(UnsafeRawBufferPointer(rebasing: target[..<written]))
      }
    }
  }
}

// Nodes (RFC 7239 6).
extension ForwardedFields {
  /// The address of `1.2.3.4`, `1.2.3.4:567`, `[2001:db8::1]`, `[2001:db8::1]:567` or, as `X-Forwarded-For` has them,
  /// `2001:db8::1`; nil for `unknown`, `_obfuscated` and whatever else.
  static func node(_ text: UnsafeRawBufferPointer, obfuscatedPort: Bool = false) -> PeerAddress? {
    guard let first = text.first else { return nil }
    if first == UInt8(ascii: "[") {
      guard let end = text.firstIndex(of: UInt8(ascii: "]")),
        isPort(text[(end + 1)...], obfuscated: obfuscatedPort)
      else { return nil }
      let host = UnsafeRawBufferPointer(rebasing: text[1..<end])
      return host.contains(UInt8(ascii: ":")) ? address(host) : nil
    }
    guard let colon = text.firstIndex(of: UInt8(ascii: ":")) else { return address(text) }
    if text[(colon + 1)...].contains(UInt8(ascii: ":")) {
      // RFC 7239 6: an IPv6 address stands in brackets there.
      return obfuscatedPort ? nil : address(text)
    }
    guard isPort(text[colon...], obfuscated: obfuscatedPort) else { return nil }
    return address(UnsafeRawBufferPointer(rebasing: text[..<colon]))
  }

  /// Nothing, or a colon and up to five digits (RFC 7239 6: or `_` and a name of its own).
  private static func isPort(_ text: Slice<UnsafeRawBufferPointer>, obfuscated: Bool) -> Bool {
    guard let colon = text.first else { return true }
    let port = text.dropFirst()
    guard colon == UInt8(ascii: ":"), let first = port.first else { return false }
    if obfuscated, first == UInt8(ascii: "_") {
      return port.count > 1
        && port.allSatisfy { $0.isLetter || $0.isDigit || [0x2d, 0x2e, 0x5f].contains($0) }
    }
    return port.count <= 5 && port.allSatisfy { $0.isDigit }
  }

  /// Only bytes of addresses get as far as the system's parser, which would stop at a NUL.
  private static func address(_ text: UnsafeRawBufferPointer) -> PeerAddress? {
    guard (2...45).contains(text.count),
      text.allSatisfy({ $0.hexValue != nil || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".") })
    else { return nil }
    return PeerAddress(String(decoding: text, as: UTF8.self))
  }
}
