// A blocking HTTP/1.1 client for the counts and the benchmarks. A count sends all requests over one connection, so that
// none of them pays for a new one.

package import Foundation

/// An answer to a request.
package struct HTTPAnswer {
  package let status: Int
  package let body: Data

  package init(status: Int, body: Data) { (self.status, self.body) = (status, body) }

  /// A string member of the JSON body.
  package func member(_ name: String) throws -> String {
    let object = try JSONSerialization.jsonObject(with: body) as? [String: Any]
    guard let text = object?[name] as? String else { throw CountingError("an answer (\(status)) has no \(name)") }
    return text
  }
}

/// A connection to 127.0.0.1.
package final class HTTPConnection {
  private let descriptor: Int32
  private var buffer = [UInt8](repeating: 0, count: 65_536)

  package init(port: UInt16) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let connected = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard connected == 0 else { throw CountingError("no connection to port \(port)") }
  }

  deinit { close(descriptor) }

  /// One request over a connection of its own.
  package static func send(_ port: UInt16, _ path: String, json: String? = nil) throws -> HTTPAnswer {
    try HTTPConnection(port: port).send(path, json: json)
  }

  /// POSTs JSON when there is a body, else GETs.
  package func send(_ path: String, json: String? = nil, token: String? = nil) throws -> HTTPAnswer {
    var head = "\(json == nil ? "GET" : "POST") \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    if let token { head += "Authorization: Bearer \(token)\r\n" }
    if let json { head += "Content-Type: application/json\r\nContent-Length: \(json.utf8.count)\r\n" }
    let request = Array((head + "\r\n" + (json ?? "")).utf8)
    guard write(descriptor, request, request.count) == request.count else { throw CountingError("write: \(errno)") }
    return try answer(to: path)
  }

  /// POSTs a form with an Authorization field, over a connection of its own.
  package static func send(
    _ port: UInt16, _ path: String, form: String, authorization: String
  ) throws -> HTTPAnswer {
    let connection = try HTTPConnection(port: port)
    let text =
      "POST \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: \(authorization)\r\nContent-Length: \(form.utf8.count)\r\n"
      + "Content-Type: application/x-www-form-urlencoded\r\n\r\n\(form)"
    guard write(connection.descriptor, text, text.utf8.count) == text.utf8.count else {
      throw CountingError("write: \(errno)")
    }
    return try connection.answer(to: path)
  }

  /// The Authorization field of a client with a secret; neither has a character that would have to be encoded.
  package static func basic(_ id: String, _ secret: String) -> String {
    "Basic " + Data("\(id):\(secret)".utf8).base64EncodedString()
  }

  private func answer(to path: String) throws -> HTTPAnswer {
    var data = Data()
    var end: Range<Data.Index>?
    while end == nil {
      try read(into: &data)
      end = data.range(of: Data("\r\n\r\n".utf8))
    }
    guard let end, data.count > 12, let status = Int(String(decoding: data[9..<12], as: UTF8.self)) else {
      throw CountingError("the answer to \(path) isn't HTTP")
    }
    let fields = String(decoding: data[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n")
    let length =
      fields.first { $0.lowercased().hasPrefix("content-length:") }
      .flatMap { $0.split(separator: " ").last }.flatMap { Int($0) } ?? 0
    while data.count - end.upperBound < length { try read(into: &data) }
    return HTTPAnswer(status: status, body: data[end.upperBound...])
  }

  private func read(into data: inout Data) throws {
    let count = Foundation.read(descriptor, &buffer, buffer.count)
    guard count > 0 else { throw CountingError("the server closed the connection") }
    data.append(contentsOf: buffer[..<count])
  }
}
