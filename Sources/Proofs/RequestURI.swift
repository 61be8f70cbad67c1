// The URI that a proof names, in the one form in which two are compared (RFC 9449 section 4.3): without query and fragment,
// normalised by syntax and scheme (RFC 3986 sections 6.2.2 and 6.2.3).

/// URIs of requests.
package enum RequestURI {
  /// The longest that is looked at, in bytes.
  package static let longest = 2048

  /// Whether both name the same resource; false when either is no URI of a request.
  package static func isSame(_ one: String, _ other: String) -> Bool {
    guard let one = normalized(one), let other = normalized(other) else { return false }
    return one == other
  }

  /// The one form of an `http` or `https` URI, as bytes; nil when it is none, or has a user in it.
  package static func normalized(_ uri: String) -> [UInt8]? {
    let text = Array(uri.utf8)
    guard text.count <= longest else { return nil }
    let schemes = [(Array("http://".utf8), Array(":80".utf8)), (Array("https://".utf8), Array(":443".utf8))]
    for (scheme, port) in schemes where text.prefix(scheme.count).map(lower) == scheme {
      let rest = text[scheme.count...].prefix { $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }
      let end = rest.firstIndex(of: UInt8(ascii: "/")) ?? rest.endIndex
      guard let authority = authority(rest[..<end], port), let path = path(rest[end...]) else { return nil }
      return scheme + authority + path
    }
    return nil
  }

  /// In lower case, without the scheme's own port or an empty one.
  private static func authority(_ text: ArraySlice<UInt8>, _ standard: [UInt8]) -> [UInt8]? {
    let authority = text.map(lower)
    let isLiteral = authority.first == UInt8(ascii: "[")
    let end = authority.firstIndex(of: UInt8(ascii: isLiteral ? "]" : ":")) ?? authority.endIndex
    guard !isLiteral || end < authority.endIndex else { return nil }
    let (host, port) = (authority[..<end], authority[end...].dropFirst(isLiteral ? 1 : 0))
    // Between the brackets of an IPv6 address colons are no ports.
    guard !host.isEmpty, host.dropFirst(isLiteral ? 1 : 0).allSatisfy({ isHostByte($0, isLiteral) }) else { return nil }
    guard port.isEmpty || port.first == UInt8(ascii: ":") && port.dropFirst().allSatisfy(isDigit) else { return nil }
    let isStandard = port.count < 2 || port == standard[...]
    return Array(host) + (isLiteral ? [UInt8(ascii: "]")] : []) + (isStandard ? [] : Array(port))
  }

  /// Percent-encodings written one way, dot segments resolved, and at least a slash.
  private static func path(_ text: ArraySlice<UInt8>) -> [UInt8]? {
    guard let decoded = percentNormalized(text) else { return nil }
    var segments: [ArraySlice<UInt8>] = []
    let parts = decoded.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).dropFirst()
    for (index, part) in parts.enumerated() {
      let isLast = index == parts.count - 1
      // RFC 3986 section 5.2.4.
      if part.elementsEqual(".".utf8) {
        if isLast { segments.append([]) }
      } else if part.elementsEqual("..".utf8) {
        _ = segments.popLast()
        if isLast { segments.append([]) }
      } else {
        segments.append(part)
      }
    }
    return segments.isEmpty ? [UInt8(ascii: "/")] : segments.reduce(into: []) { $0 += [UInt8(ascii: "/")] + $1 }
  }

  private static func percentNormalized(_ text: ArraySlice<UInt8>) -> [UInt8]? {
    var result: [UInt8] = []
    var index = text.startIndex
    while index < text.endIndex {
      let byte = text[index]
      if byte == UInt8(ascii: "%") {
        guard index + 2 < text.endIndex, let high = hex(text[index + 1]), let low = hex(text[index + 2]) else {
          return nil
        }
        let value = high << 4 | low
        result += isUnreserved(value) ? [value] : [byte, upper(text[index + 1]), upper(text[index + 2])]
        index += 3
      } else {
        guard isPathByte(byte) else { return nil }
        result.append(byte)
        index += 1
      }
    }
    return result
  }

  private static func isUnreserved(_ byte: UInt8) -> Bool {
    isLetter(byte) || isDigit(byte) || "-._~".utf8.contains(byte)
  }

  /// RFC 3986 section 3.3: pchar and the slash, without percent-encodings.
  private static func isPathByte(_ byte: UInt8) -> Bool {
    isUnreserved(byte) || "!$&'()*+,;=:@/".utf8.contains(byte)
  }

  /// Of a name or an address; no percent-encodings.
  private static func isHostByte(_ byte: UInt8, _ isLiteral: Bool) -> Bool {
    isLetter(byte) || isDigit(byte) || "-._~".utf8.contains(byte) || isLiteral && byte == UInt8(ascii: ":")
  }

  private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) }
  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
  private static func lower(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte | 0x20 : byte }
  private static func upper(_ byte: UInt8) -> UInt8 { (0x61...0x7A).contains(byte) ? byte & 0xDF : byte }

  private static func hex(_ byte: UInt8) -> UInt8? {
    switch lower(byte) {
    case 0x30...0x39: byte - 0x30
    case 0x61...0x66: lower(byte) - 0x61 + 10
    default: nil
    }
  }
}
