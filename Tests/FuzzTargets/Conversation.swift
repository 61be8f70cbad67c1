// A connection's bytes, fed to the parser in pieces as a connection does it, and what became of them.

#if DEBUG || FUZZING
@testable import HTTPServer

/// The requests read from one connection's bytes, and how it went on.
struct Conversation {
  struct Request: Equatable {
    var method: Method
    var minor: UInt8
    var path: [UInt8]
    var query: [UInt8]?
    var authority: [UInt8]?
    var fields: [[UInt8]]
    var isChunked: Bool
    var body: [UInt8]
    var keepsAlive: Bool
  }

  enum End: Equatable {
    /// More bytes are wanted; what came of a body so far.
    case waiting(RequestParser.Stage, body: Int)
    case refused(HTTPError)
    /// The last request ends the connection.
    case closed
  }

  private(set) var requests: [Request] = []
  private(set) var end = End.waiting(.requestLine, body: 0)

  private var parser = RequestParser()
  /// In an array of their own, so that AddressSanitizer sees a step outside.
  private var pending: [UInt8] = []

  init(_ pieces: [ArraySlice<UInt8>], _ limits: Limits) throws {
    for piece in pieces {
      pending += piece
      while case .waiting = end, !pending.isEmpty, try advance(limits) {}
      guard case .waiting = end else { break }
      end = .waiting(parser.stage, body: parser.body.count)
    }
  }

  /// Whether the same was read and the same is to come.
  func isLike(_ other: Conversation) -> Bool { requests == other.requests && end == other.end }

  /// False when more bytes are wanted.
  private mutating func advance(_ limits: Limits) throws -> Bool {
    do {
      let isComplete = try pending.withUnsafeMutableBytes { (bytes) throws(HTTPError) in
        try parser.advance(bytes, limits)
      }
      guard isComplete else {
        if let gap = parser.takeGap() { pending.removeSubrange(gap.from..<gap.to) }
        try check(parser.position <= pending.count, "the parser stands behind the end")
        return false
      }
    } catch let error as HTTPError {
      end = .refused(error)
      return true
    }
    try take(limits)
    return true
  }

  private mutating func take(_ limits: Limits) throws {
    let request = Request(
      method: parser.method, minor: parser.minor, path: try bytes(parser.path), query: try parser.query.map(bytes),
      authority: try parser.authority.map(bytes),
      fields: try parser.fields.flatMap { [try bytes($0.name), try bytes($0.value)] }, isChunked: parser.isChunked,
      body: try bytes(parser.body), keepsAlive: parser.keepsAlive)
    try request.check(limits)
    requests.append(request)
    try check((1...pending.count).contains(parser.position), "the next request begins at \(parser.position)")
    pending.removeFirst(parser.position)
    if !parser.keepsAlive { end = .closed }
    parser.reset()
  }

  private func bytes(_ span: Span) throws -> [UInt8] {
    try check(
      span.start >= 0 && span.start <= span.end && span.end <= pending.count, "a span lies outside: \(span)")
    return Array(pending[Int(span.start)..<Int(span.end)])
  }
}

extension Conversation.Request {
  /// What every request which was let through has.
  func check(_ limits: Limits) throws {
    try FuzzTargets.check(body.count <= limits.body, "the body has \(body.count) bytes")
    try FuzzTargets.check(fields.count <= 2 * limits.fields, "\(fields.count / 2) fields")
    try FuzzTargets.check(path.count + (query?.count ?? 0) <= limits.target, "the target is too long")
    let head = fields.reduce(path.count) { $0 + $1.count }
    try FuzzTargets.check(head <= limits.head, "the head is too large")
    try FuzzTargets.check((path + (query ?? [])).allSatisfy { $0 > 0x20 && $0 < 0x7f }, "a bad byte in the target")
    for index in stride(from: 0, to: fields.count, by: 2) {
      let (name, value) = (fields[index], fields[index + 1])
      try FuzzTargets.check(!name.isEmpty && name.allSatisfy { $0 > 0x20 && $0 < 0x7f }, "name \(shown(name))")
      try FuzzTargets.check(value.allSatisfy { $0 >= 0x20 || $0 == 9 }, "value \(shown(value))")
      try FuzzTargets.check(value.first?.isBlank != true && value.last?.isBlank != true, "value \(shown(value))")
    }
    let names = fields.indices.filter { $0 % 2 == 0 }.map { String(decoding: fields[$0], as: UTF8.self).lowercased() }
    for single in ["host", "content-length", "transfer-encoding", "authorization"] {
      try FuzzTargets.check(names.count { $0 == single } <= 1, "\(single) twice")
    }
    try FuzzTargets.check(minor == 0 || names.contains("host"), "no host")
    try FuzzTargets.check(!(names.contains("content-length") && isChunked), "two lengths")
    try FuzzTargets.check(names.contains("transfer-encoding") == isChunked, "a transfer coding was passed over")
    try FuzzTargets.check(isChunked || names.contains("content-length") || body.isEmpty, "a body of no length")
  }

  /// The request, written in the plainest way.
  var text: [UInt8] {
    var text = "\(method.name) ".utf8 + (authority.map { Array("http://") + $0 } ?? []) + path
    if let query { text += [UInt8(ascii: "?")] + query }
    text += Array(" HTTP/1.\(minor)\r\n".utf8)
    for index in stride(from: 0, to: fields.count, by: 2) {
      text += fields[index] + [UInt8(ascii: ":")] + fields[index + 1] + [0x0d, 0x0a]
    }
    text += [0x0d, 0x0a]
    guard isChunked else { return text + body }
    if !body.isEmpty { text += Array("\(String(body.count, radix: 16))\r\n".utf8) + body + [0x0d, 0x0a] }
    return text + Array("0\r\n\r\n".utf8)
  }
}
#endif
