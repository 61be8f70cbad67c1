// `Forwarded`, `X-Forwarded-For` and `X-Forwarded-Proto`, a line of the input each.
//
// Whoever sends a field can write what he likes to the left of what the proxies add, so nothing there may change the
// outcome; and for a well-formed list a plain reader, from the left, must come to the same.

#if DEBUG || FUZZING
@testable import HTTPServer
import Reactor

extension FuzzTarget {
  /// The fields in which proxies name the client.
  static let forwarded = FuzzTarget(name: "forwarded", longest: 512) { bytes in
    var lines = Array(bytes).divided(by: 0x0a).prefix(3).map { Optional($0) }
    while lines.count < 3 { lines.append(nil) }
    let fields = Fields(forwarded: lines[0], xForwardedFor: lines[1], xForwardedProto: lines[2])
    for trust in Trust.allCases {
      let auto = fields.origin(.auto, trust)
      let standard = fields.origin(.forwarded, trust)
      let custom = fields.origin(.xForwardedFor, trust)
      try check(!standard.conflict && !custom.conflict, "a conflict of one field")
      try check(!auto.conflict || auto.address == Fields.peer && auto.isSecure == nil, "a conflict was believed")
      try check(
        auto.conflict || auto.address == standard.address || auto.address == custom.address, "somebody else was named")
      try check(Fields(forwarded: fields.forwarded).origin(.forwarded, trust) == standard, "the other field counted")
      try fields.checkLeft(standard, custom, trust)
    }
    try fields.checkPlainly()
  }
}

private enum Trust: CaseIterable {
  case nobody, some, everybody

  func holds(_ address: PeerAddress) -> Bool {
    switch self {
    case .nobody: false
    case .some: address.isLoopback || address.text.hasPrefix("10.")
    case .everybody: true
    }
  }
}

private struct Fields {
  static let peer = PeerAddress(ipv4: 0x0a00_0001)

  var forwarded: [UInt8]?
  var xForwardedFor: [UInt8]?
  var xForwardedProto: [UInt8]?

  func origin(_ header: ForwardedFields.Choice, _ trust: Trust) -> ForwardedFields.Origin {
    Self.with(forwarded) { forwarded in
      Self.with(xForwardedFor) { xForwardedFor in
        Self.with(xForwardedProto) { xForwardedProto in
          ForwardedFields.client(
            peer: Self.peer, forwarded: forwarded, xForwardedFor: xForwardedFor, xForwardedProto: xForwardedProto,
            header: header, isTrusted: trust.holds)
        }
      }
    }
  }

  private static func with<R>(_ bytes: [UInt8]?, _ body: (UnsafeRawBufferPointer?) -> R) -> R {
    guard let bytes else { return body(nil) }
    return bytes.withUnsafeBytes { body($0) }
  }

  private static func trimmed(_ bytes: [UInt8]) -> String {
    let front = bytes.drop { $0 == 0x20 || $0 == 0x09 }
    return String(decoding: front.reversed().drop { $0 == 0x20 || $0 == 0x09 }.reversed(), as: UTF8.self)
  }

  /// A client that was named stays the client whatever stands to the left.
  func checkLeft(_ standard: ForwardedFields.Origin, _ custom: ForwardedFields.Origin, _ trust: Trust) throws {
    for text in ["\"", "for=\"", "for=\"\\", "for=6.6.6.6;proto=https", "6.6.6.6", "x=\"a\\\"", ",", "\\"] {
      let left = Array(text.utf8) + [UInt8(ascii: ",")]
      if let forwarded, standard.address != Self.peer, !trust.holds(standard.address) {
        let other = Fields(forwarded: left + forwarded).origin(.forwarded, trust)
        try check(other == standard, "\(text) to the left of Forwarded made it \(other.address.text)")
      }
      if let xForwardedFor, custom.address != Self.peer, !trust.holds(custom.address) {
        let other = Fields(xForwardedFor: left + xForwardedFor).origin(.xForwardedFor, trust)
        try check(
          other.address == custom.address, "\(text) to the left of X-Forwarded-For made it \(other.address.text)")
      }
    }
  }

  /// A list, read from the left, ends in the same client.
  func checkPlainly() throws {
    if let xForwardedFor, !xForwardedFor.contains(UInt8(ascii: "\"")) {
      let last = xForwardedFor.divided(by: UInt8(ascii: ",")).map(Self.trimmed).last { !$0.isEmpty }
      let expected = last.flatMap { PlainForwarded.node($0, isBare: true) } ?? Self.peer
      let found = origin(.xForwardedFor, .nobody).address
      try check(found == expected, "read from the left it is \(expected.text), not \(found.text)")
    }
    guard let forwarded, let elements = PlainForwarded.elements(forwarded), let last = elements.last else { return }
    let found = origin(.forwarded, .nobody)
    try check(
      found.address == last.address ?? Self.peer, "read from the left it is \(last.address?.text ?? "nobody")")
    if last.address != nil { try check(found.isSecure == last.isSecure, "read from the left the proto is another") }
  }
}

/// RFC 7239 4 by the letter, from the left.
private struct PlainForwarded {
  var address: PeerAddress?
  var isSecure: Bool?

  /// The elements of a list; nil when anything in it is malformed.
  static func elements(_ bytes: [UInt8]) -> [PlainForwarded]? {
    var reader = PlainPairs(rest: bytes[...])
    guard let elements = reader.elements() else { return nil }
    var found: [PlainForwarded] = []
    for case let pairs? in elements {
      var element = PlainForwarded()
      guard Set(pairs.map(\.name)).count == pairs.count else { return nil }
      for pair in pairs {
        if pair.name == "for" { element.address = node(pair.value) }
        if pair.name == "proto" { element.isSecure = ["http": false, "https": true][pair.value.lowercased()] }
      }
      found.append(element)
    }
    return found
  }

  /// RFC 7239 6, for what stands between the quotation marks; `isBare` as `X-Forwarded-For` has it.
  static func node(_ text: String, isBare: Bool = false) -> PeerAddress? {
    let name: Substring
    if isBare, text.utf8.contains(0) || text.contains(":_") { return nil }
    if isBare, let address = PeerAddress(text) { return address }
    if text.hasPrefix("[") {
      guard let end = text.firstIndex(of: "]"), isPort(text[text.index(after: end)...]) else { return nil }
      name = text[..<end].dropFirst()
      guard name.contains(":") else { return nil }
    } else {
      name = text.prefix { $0 != ":" }
      guard isPort(text.dropFirst(name.count)) else { return nil }
    }
    guard name.utf8.allSatisfy({ $0 != 0 }) else { return nil }
    return PeerAddress(String(name))
  }

  private static func isPort(_ text: Substring) -> Bool {
    guard !text.isEmpty else { return true }
    let port = text.dropFirst()
    guard text.first == ":", let first = port.first, port.utf8.count == port.count, !port.contains("\r\n") else {
      return false
    }
    if first == "_" {
      return port.count > 1 && port.utf8.allSatisfy { $0.isLetter || $0.isDigit || ".-_".utf8.contains($0) }
    }
    return port.utf8.count <= 5 && port.utf8.allSatisfy { $0.isDigit }
  }
}

/// Splits a list into elements and pairs, from the left.
private struct PlainPairs {
  var rest: ArraySlice<UInt8>

  /// Nil in the place of an element of which there is nothing at all.
  mutating func elements() -> [[(name: String, value: String)]?]? {
    var elements: [[(name: String, value: String)]?] = [nil]
    while true {
      skipBlanks()
      guard let byte = rest.first else { return elements }
      if byte == UInt8(ascii: ",") || byte == UInt8(ascii: ";") {
        rest = rest.dropFirst()
        // A semicolon alone makes an element without pairs, which doesn't name the client.
        if byte == UInt8(ascii: ",") {
          elements.append(nil)
        } else if elements[elements.count - 1] == nil {
          elements[elements.count - 1] = []
        }
        continue
      }
      guard let name = word(), rest.popFirst() == UInt8(ascii: "="), let value = rest.first == 0x22 ? quoted() : word()
      else { return nil }
      elements[elements.count - 1] = (elements[elements.count - 1] ?? []) + [(name.lowercased(), value)]
      skipBlanks()
      if let next = rest.first, next != UInt8(ascii: ","), next != UInt8(ascii: ";") { return nil }
    }
  }

  private mutating func skipBlanks() { rest = rest.drop { $0 == 0x20 || $0 == 0x09 } }

  private mutating func word() -> String? {
    let word = rest.prefix { $0.isTokenByte }
    rest = rest.dropFirst(word.count)
    return word.isEmpty ? nil : String(decoding: word, as: UTF8.self)
  }

  private mutating func quoted() -> String? {
    rest = rest.dropFirst()
    var text: [UInt8] = []
    while var byte = rest.popFirst() {
      if byte == 0x22 { return String(decoding: text, as: UTF8.self) }
      if byte == 0x5c {
        guard let next = rest.popFirst() else { return nil }
        byte = next
      }
      guard byte.isValueByte else { return nil }
      text.append(byte)
    }
    return nil
  }
}
#endif
