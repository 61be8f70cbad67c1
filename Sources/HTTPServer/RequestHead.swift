// The parser's rules for a head: the request line, the target's four forms, fields, and what they say together.

extension RequestParser {
  /// RFC 9112 3: method SP target SP version, with one space each.
  func readRequestLine(
    _ bytes: UnsafeRawBufferPointer, _ line: Span, _ limits: Limits
  ) throws(HTTPError) {
    let text = bytes[line]
    guard let first = text.index(of: 0x20, from: 0), first > 0 else { throw .badRequestLine }
    let token = ByteSet.token
    for index in 0..<first where !token.contains(text[index]) { throw .badRequestLine }
    guard let second = text.index(of: 0x20, from: first + 1), second > first + 1 else { throw .badRequestLine }
    try readVersion(UnsafeRawBufferPointer(rebasing: text[(second + 1)...]))
    guard second - first - 1 <= limits.target else { throw .targetTooLong }
    guard let method = Method(UnsafeRawBufferPointer(rebasing: text[..<first])) else { throw .methodNotImplemented }
    self.method = method
    try readTarget(bytes, Span(Int(line.start) + first + 1, Int(line.start) + second))
  }

  /// RFC 9112 2.3; a higher minor version is answered as 1.1 (RFC 9110 2.5).
  private func readVersion(_ text: UnsafeRawBufferPointer) throws(HTTPError) {
    guard text.count == 8, UnsafeRawBufferPointer(rebasing: text[..<5]).equals("HTTP/"), text[5].isDigit,
      text[6] == UInt8(ascii: "."), text[7].isDigit
    else { throw .badVersion }
    guard text[5] == UInt8(ascii: "1") else { throw .versionNotSupported }
    minor = text[7] == UInt8(ascii: "0") ? 0 : 1
  }

  /// RFC 9112 3.2. CONNECT, the one method with an authority-form target, is not implemented here.
  private func readTarget(_ bytes: UnsafeRawBufferPointer, _ target: Span) throws(HTTPError) {
    let text = bytes[target]
    if text[0] == UInt8(ascii: "/") { return try readPath(bytes, target) }
    if text.count == 1, text[0] == UInt8(ascii: "*"), method == .options {
      isAsterisk = true
      path = target
      return
    }
    guard let scheme = schemeLength(text) else { throw .badTarget }
    var end = scheme
    while end < text.count, text[end] != UInt8(ascii: "/"), text[end] != UInt8(ascii: "?") { end += 1 }
    let start = Int(target.start)
    let authority = Span(start + scheme, start + end)
    guard isHost(bytes[authority]) else { throw .badTarget }
    self.authority = authority
    try readPath(bytes, Span(start + end, Int(target.end)))
  }

  private func schemeLength(_ text: UnsafeRawBufferPointer) -> Int? {
    for scheme: StaticString in ["http://", "https://"] {
      let length = scheme.utf8CodeUnitCount
      guard text.count > length else { continue }
      if UnsafeRawBufferPointer(rebasing: text[..<length]).equalsIgnoringCase(scheme) { return length }
    }
    return nil
  }

  /// RFC 3986 3.3 and 3.4; `#` is in neither, and a NUL is refused in whatever dress.
  private func readPath(_ bytes: UnsafeRawBufferPointer, _ span: Span) throws(HTTPError) {
    var index = Int(span.start)
    let end = Int(span.end)
    var allowed = ByteSet.path
    var query: Span?
    path = span
    while index < end {
      let byte = bytes[index]
      if allowed.contains(byte) {
        index += 1
        continue
      }
      if byte == UInt8(ascii: "%") {
        guard index + 2 < end, let high = bytes[index + 1].hexValue, let low = bytes[index + 2].hexValue,
          query != nil || high | low != 0
        else { throw .badTarget }
        index += 3
        continue
      }
      // A second one is a query's byte.
      guard byte == UInt8(ascii: "?"), query == nil else { throw .badTarget }
      path.end = Int32(index)
      query = Span(index + 1, end)
      allowed = .query
      index += 1
    }
    self.query = query
  }

  /// RFC 9112 5: name, colon, value, without space before the colon.
  func splitField(_ bytes: UnsafeRawBufferPointer, _ line: Span) throws(HTTPError) -> Field {
    var index = Int(line.start)
    var end = Int(line.end)
    // RFC 9112 5.2: a folded line must be refused or unfolded; refused.
    if bytes[index].isBlank { throw .lineFolding }
    let token = ByteSet.token
    while index < end, token.contains(bytes[index]) { index += 1 }
    guard index > Int(line.start), index < end, bytes[index] == UInt8(ascii: ":") else { throw .badFieldName }
    let name = Span(Int(line.start), index)
    index += 1
    while index < end, bytes[index].isBlank { index += 1 }
    while end > index, bytes[end - 1].isBlank { end -= 1 }
    for position in index..<end where !bytes[position].isValueByte { throw .badFieldValue }
    return Field(name: name, value: Span(index, end), known: nil)
  }

  func readField(_ bytes: UnsafeRawBufferPointer, _ line: Span, _ limits: Limits) throws(HTTPError) {
    var field = try splitField(bytes, line)
    guard list.count < limits.fields else { throw .tooManyFields }
    if let known = KnownField(bytes[field.name]) {
      field.known = known
      let bit = UInt32(1) << UInt32(known.rawValue)
      if present & bit != 0 {
        if known.isSingle { throw known == .contentLength ? .badContentLength : .repeatedField }
        repeated |= bit
      }
      present |= bit
      try interpret(known, bytes[field.value])
    }
    list.append(field)
  }

  private func interpret(_ known: KnownField, _ value: UnsafeRawBufferPointer) throws(HTTPError) {
    switch known {
    case .host: if !isHost(value) { throw .badHost }
    case .contentLength: contentLength = try length(value)
    case .transferEncoding: readTransferCoding(value)
    case .connection: readConnection(value)
    case .expect:
      if value.equalsIgnoringCase("100-continue") { expectsContinue = true } else { hasBadExpectation = true }
    default: break
    }
  }

  /// RFC 9110 8.6: digits only; a list, a sign or an empty value is refused.
  private func length(_ value: UnsafeRawBufferPointer) throws(HTTPError) -> Int {
    guard !value.isEmpty, value.count <= 18 else { throw .badContentLength }
    var length = 0
    for byte in value {
      guard byte.isDigit else { throw .badContentLength }
      length = length * 10 + Int(byte - 0x30)
    }
    return length
  }

  /// Exactly `chunked`; a list could end with something else for another reader.
  private func readTransferCoding(_ value: UnsafeRawBufferPointer) {
    if value.equalsIgnoringCase("chunked") {
      isChunked = true
    } else if value.isEmpty || !value.allSatisfy({ $0.isTokenByte }) {
      hasBadTransferCoding = true
    } else {
      hasOtherTransferCoding = true
    }
  }

  private func readConnection(_ value: UnsafeRawBufferPointer) {
    var close = false
    var keepAlive = false
    value.forEachListed { option in
      if option.equalsIgnoringCase("close") { close = true }
      if option.equalsIgnoringCase("keep-alive") { keepAlive = true }
    }
    saysClose = saysClose || close
    saysKeepAlive = saysKeepAlive || keepAlive
  }

  /// RFC 9110 7.2: host, or host and port; no user, no list.
  private func isHost(_ text: UnsafeRawBufferPointer) -> Bool {
    guard !text.isEmpty else { return false }
    let isLiteral = text[0] == UInt8(ascii: "[")
    guard let end = isLiteral ? literalLength(text) : nameLength(text), end > 0 else { return false }
    guard end < text.count else { return true }
    return text[end] == UInt8(ascii: ":") && text.count - end <= 6 && text[(end + 1)...].allSatisfy { $0.isDigit }
  }

  private func nameLength(_ text: UnsafeRawBufferPointer) -> Int {
    let allowed = ByteSet.hostName
    var length = 0
    while length < text.count, allowed.contains(text[length]) { length += 1 }
    return length
  }

  /// An IPv6 address in brackets (RFC 3986 3.2.2); nil when it isn't one.
  private func literalLength(_ text: UnsafeRawBufferPointer) -> Int? {
    guard let last = text.index(of: UInt8(ascii: "]"), from: 1), last > 2 else { return nil }
    let isAddress = text[1..<last].allSatisfy {
      $0.hexValue != nil || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".")
    }
    return isAddress ? last + 1 : nil
  }

  /// What holds for all fields together, once they are known.
  func checkHead(_ bytes: UnsafeRawBufferPointer) throws(HTTPError) {
    // RFC 9112 3.2: a request of HTTP/1.1 without Host must be refused.
    let hasHost = present & 1 << UInt32(KnownField.host.rawValue) != 0
    if minor > 0, !hasHost { throw .missingHost }
    if present & 1 << UInt32(KnownField.transferEncoding.rawValue) != 0 {
      // RFC 9112 6.1: HTTP/1.0 doesn't know it, and both together are how requests are smuggled.
      if minor == 0 { throw .badTransferCoding }
      if contentLength != nil { throw .lengthAndTransferCoding }
      if hasBadTransferCoding { throw .badTransferCoding }
      if hasOtherTransferCoding { throw .transferCodingNotImplemented }
    }
    // RFC 9110 10.1.1: unknown expectations may be refused; in HTTP/1.0 the field means nothing.
    if hasBadExpectation, minor > 0 { throw .expectationFailed }
  }
}
