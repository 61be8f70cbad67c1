// One connection for all requests of a count, so that none of them pays for a new one.

import Foundation

/// A small blocking HTTP/1.1 client for 127.0.0.1.
final class KeptConnection {
  private let descriptor: Int32
  private var buffer = [UInt8](repeating: 0, count: 65_536)

  init(port: UInt16) throws {
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

  /// POSTs JSON when there is a body, else GETs.
  /// - Returns: the answer's body; an answer that isn't a success is an error, since it would be another way to count.
  func send(_ path: String, json: String? = nil, token: String? = nil) throws -> Data {
    var head = "\(json == nil ? "GET" : "POST") \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    if let token { head += "Authorization: Bearer \(token)\r\n" }
    if let json { head += "Content-Type: application/json\r\nContent-Length: \(json.utf8.count)\r\n" }
    let request = Array((head + "\r\n" + (json ?? "")).utf8)
    guard write(descriptor, request, request.count) == request.count else { throw CountingError("write: \(errno)") }
    return try answer(to: path)
  }

  private func answer(to path: String) throws -> Data {
    var data = Data()
    var end: Range<Data.Index>?
    while end == nil {
      try read(into: &data)
      end = data.range(of: Data("\r\n\r\n".utf8))
    }
    guard let end else { return Data() }
    let head = String(decoding: data[..<end.lowerBound], as: UTF8.self)
    guard head.hasPrefix("HTTP/1.1 2") else { throw CountingError("\(path) answered \(head.prefix(16))") }
    let field = head.split(separator: "\r\n").first { $0.lowercased().hasPrefix("content-length:") }
    let length = field?.split(separator: " ").last.flatMap { Int($0) } ?? 0
    while data.count - end.upperBound < length { try read(into: &data) }
    return data[end.upperBound...]
  }

  private func read(into data: inout Data) throws {
    let count = Foundation.read(descriptor, &buffer, buffer.count)
    guard count > 0 else { throw CountingError("the server closed the connection") }
    data.append(contentsOf: buffer[..<count])
  }
}
