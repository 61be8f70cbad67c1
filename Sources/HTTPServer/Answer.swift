// How an exchange's answer is written: straight into the connection's output, head and body in one run of bytes.

extension Exchange {
  /// Adds a response field to the answer to come. A value that could split the answer loses its control characters.
  package func add(_ name: StaticString, _ value: String) {
    extra.append(name)
    extra.append(": ")
    if value.utf8.allSatisfy({ $0.isValueByte }) {
      extra.append(value)
    } else {
      extra.append(value.utf8.filter { $0.isValueByte })
    }
    extra.append("\r\n")
  }

  /// Answers with a body.
  package func respond(_ status: Int, contentType: StaticString?, body: UnsafeRawBufferPointer) {
    guard begin(answer: status) else { return }
    output.append(statusLine(status))
    if let contentType {
      output.append("Content-Type: ")
      output.append(contentType)
      output.append("\r\n")
    }
    output.append("X-Content-Type-Options: nosniff\r\n")
    // RFC 9110 8.6: no Content-Length in a 204, and none is needed in a 304.
    if status != 204, status != 304 {
      output.append("Content-Length: ")
      output.append(decimal: body.count)
      output.append("\r\n")
    }
    endHead()
    if status != 204, status != 304 { appendBody(body) }
  }

  /// Answers with a body.
  package func respond(_ status: Int, contentType: StaticString?, body: [UInt8]) {
    body.withUnsafeBytes { respond(status, contentType: contentType, body: $0) }
  }

  /// Answers with a body in UTF-8.
  package func respond(_ status: Int, contentType: StaticString?, body: String) {
    var body = body
    body.withUTF8 { respond(status, contentType: contentType, body: UnsafeRawBufferPointer($0)) }
  }

  /// Answers without a body.
  package func respond(_ status: Int) {
    respond(status, contentType: nil, body: UnsafeRawBufferPointer(start: nil, count: 0))
  }

  /// Answers with what was rendered before; with 304 when the client holds it already (RFC 9110 13.1.2).
  package func respond(prepared: PreparedResponse) {
    if isHeld(prepared) {
      guard begin(answer: 304) else { return }
      output.append(prepared.notModified)
      return endHead()
    }
    guard begin(answer: prepared.status) else { return }
    output.append(prepared.head)
    endHead()
    prepared.body.withUnsafeBytes { appendBody($0) }
  }

  private func isHeld(_ prepared: PreparedResponse) -> Bool {
    guard let tag = prepared.entityTag, method == .get || method == .head else { return false }
    return withField(.ifNoneMatch) { value in tag.withUnsafeBytes { matchesEntityTag(value, $0) } } ?? false
  }

  /// The fields which differ from request to request, and the empty line.
  func endHead() {
    output.append(UnsafeRawBufferPointer(worker.date.bytes))
    withRequestID { output.append($0) }
    output.append("\r\n")
    if !extra.isEmpty { output.append(UnsafeRawBufferPointer(extra.bytes)) }
    // RFC 6797 7.2: never over plain HTTP.
    if cameSecurely { output.append(routes.strictTransport) }
    if closes {
      output.append("Connection: close\r\n\r\n")
    } else if parser.minor == 0 {
      output.append("Connection: keep-alive\r\n\r\n")
    } else {
      output.append("\r\n")
    }
  }

  private func appendBody(_ body: UnsafeRawBufferPointer) {
    // RFC 9110 9.3.2: HEAD is answered as GET, without the body.
    guard method != .head else { return }
    output.append(body)
    sent(body.count)
  }
}
