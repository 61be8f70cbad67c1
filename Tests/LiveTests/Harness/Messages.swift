// A request to send, and the answer to it.

import Foundation

/// A request; `bytes` is what goes over the wire.
struct Request: Sendable {
  var method: String
  var path: String
  var fields: [(name: String, value: String)]
  var body: [UInt8]?
  /// Whether it asks the server to close after its answer.
  var closes = true

  init(_ method: String, _ path: String, _ fields: [(name: String, value: String)] = [], body: [UInt8]? = nil) {
    self.method = method
    self.path = path
    self.fields = fields
    self.body = body
  }

  /// A JSON request.
  static func json(_ path: String, _ body: JSON, bearer: String? = nil) -> Request {
    json(path, text: body.text, bearer: bearer)
  }

  /// A request with any text as `application/json`.
  static func json(_ path: String, text: String, bearer: String? = nil) -> Request {
    var request = Request("POST", path, [("Content-Type", "application/json")], body: Array(text.utf8))
    if let bearer { request.fields.append(("Authorization", "Bearer \(bearer)")) }
    return request
  }

  /// A form.
  static func form(_ path: String, _ text: String) -> Request {
    Request("POST", path, [("Content-Type", "application/x-www-form-urlencoded")], body: Array(text.utf8))
  }

  /// A request with an access token and no body.
  static func bearer(_ method: String, _ path: String, _ token: String) -> Request {
    Request(method, path, [("Authorization", "Bearer \(token)")])
  }

  /// The same, on a connection that stays.
  var kept: Request {
    var request = self
    request.closes = false
    return request
  }

  var bytes: [UInt8] {
    var head = "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\n"
    for (name, value) in fields { head += "\(name): \(value)\r\n" }
    if let body { head += "Content-Length: \(body.count)\r\n" }
    if closes { head += "Connection: close\r\n" }
    return Array((head + "\r\n").utf8) + (body ?? [])
  }
}

/// An answer.
struct Answer: Sendable, CustomStringConvertible {
  let status: Int
  /// Names in lower case.
  let fields: [(name: String, value: String)]
  var body: [UInt8] = []

  init(head: [UInt8]) throws {
    let lines = String(decoding: head, as: UTF8.self).split(separator: "\r\n").map(String.init)
    guard let first = lines.first?.split(separator: " "), first.count >= 2, let status = Int(first[1]) else {
      throw HarnessError("not an answer: \(lines)")
    }
    self.status = status
    fields = lines.dropFirst().map { line in
      let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      return (parts[0].lowercased(), parts.count < 2 ? "" : parts[1].trimmingCharacters(in: .whitespaces))
    }
    // RFC 9110 section 5.3: but for lists, which Signet writes in one line, and cookies.
    let names = fields.map(\.name).filter { $0 != "set-cookie" && $0 != "www-authenticate" }
    guard Set(names).count == names.count else { throw HarnessError("a field stands twice in \(lines)") }
  }

  /// The answers that these bytes are, one after the other; none may be to HEAD.
  static func all(_ bytes: [UInt8]) throws -> [Answer] {
    var rest = bytes[...]
    var all: [Answer] = []
    while let end = rest.firstRange(of: Array("\r\n\r\n".utf8))?.upperBound {
      var answer = try Answer(head: Array(rest[..<end]))
      rest = rest[end...]
      answer.body = Array(rest.prefix(answer.field("content-length").flatMap { Int($0) } ?? 0))
      rest = rest.dropFirst(answer.body.count)
      all.append(answer)
    }
    guard rest.isEmpty else { throw HarnessError("not an answer: \(String(decoding: rest, as: UTF8.self))") }
    return all
  }

  func field(_ name: String) -> String? { fields.first { $0.name == name }?.value }

  var text: String { String(decoding: body, as: UTF8.self) }

  var json: JSON { get throws { try JSON(text) } }

  /// The error's code; nil when the body isn't an error object.
  var error: String? { try? json["error"]?.string }

  var description: String { "\(status) \(fields.map { "\($0.name): \($0.value)" }) \(text)" }
}

/// The token answer.
struct Tokens: Sendable {
  let json: JSON
  let access: String
  let refresh: String
  let session: String

  init(_ answer: Answer) throws {
    guard answer.status == 200 else { throw HarnessError("not a token answer: \(answer)") }
    let members = try answer.json
    json = members
    func member(_ name: String) throws -> String {
      guard let text = members[name]?.string else { throw HarnessError("no \(name) in the token answer") }
      return text
    }
    access = try member("access_token")
    refresh = try member("refresh_token")
    session = try member("session_id")
  }

  /// The access token's claims, unverified.
  var claims: JSON { get throws { try part(1) } }
  /// The access token's header.
  var header: JSON { get throws { try part(0) } }

  private func part(_ index: Int) throws -> JSON {
    let parts = access.split(separator: ".")
    guard parts.count == 3, let bytes = base64URLBytes(parts[index]) else { throw HarnessError("not a JWS") }
    return try JSON(String(decoding: bytes, as: UTF8.self))
  }
}
