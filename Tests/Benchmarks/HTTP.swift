// One request over one connection, blocking: for logins before a measurement and for the first answer after a start.

import Foundation

/// A small HTTP/1.1 client for 127.0.0.1.
enum HTTP {
  struct Answer {
    let status: Int
    let body: Data

    /// A string member of the JSON body.
    func member(_ name: String) throws -> String {
      let object = try JSONSerialization.jsonObject(with: body) as? [String: Any]
      guard let text = object?[name] as? String else { throw Failure("an answer (\(status)) has no \(name)") }
      return text
    }
  }

  /// The Authorization field of a client with a secret; neither has a character that would have to be encoded.
  static func basic(_ id: String, _ secret: String) -> String {
    "Basic " + Data("\(id):\(secret)".utf8).base64EncodedString()
  }

  /// POSTs JSON when there is a body, else GETs.
  static func send(_ port: UInt16, _ path: String, json: String? = nil) throws -> Answer {
    try send(port, head(path, json))
  }

  /// POSTs a form with an Authorization field.
  static func send(_ port: UInt16, _ path: String, form: String, authorization: String) throws -> Answer {
    try send(
      port,
      "POST \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nAuthorization: \(authorization)\r\n"
        + "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: \(form.utf8.count)\r\n\r\n\(form)")
  }

  private static func send(_ port: UInt16, _ text: String) throws -> Answer {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { throw Failure("socket: \(errno)") }
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let connected = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard connected == 0 else { throw Failure("no connection to port \(port)") }
    let request = Array(text.utf8)
    guard write(descriptor, request, request.count) == request.count else { throw Failure("write: \(errno)") }
    return try read(descriptor)
  }

  private static func head(_ path: String, _ json: String?) -> String {
    let common = " \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
    guard let json else { return "GET\(common)\r\n" }
    return "POST\(common)Content-Type: application/json\r\nContent-Length: \(json.utf8.count)\r\n\r\n\(json)"
  }

  private static func read(_ descriptor: Int32) throws -> Answer {
    var data = Data()
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = Foundation.read(descriptor, &buffer, buffer.count)
      guard count > 0 else { break }
      data.append(contentsOf: buffer[..<count])
    }
    guard let end = data.range(of: Data("\r\n\r\n".utf8)), data.count > 12,
      let status = Int(String(decoding: data[9..<12], as: UTF8.self))
    else { throw Failure("an answer isn't HTTP") }
    return Answer(status: status, body: data[end.upperBound...])
  }
}
