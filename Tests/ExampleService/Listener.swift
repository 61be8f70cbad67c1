// As much of HTTP as an example needs: one request a connection, heads of at most 64 KiB.

import Foundation

/// A listening socket on a free port of 127.0.0.1.
struct Listener {
  let port: Int
  private let descriptor: Int32

  init() throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let descriptor = descriptor
    let isListening = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, length) == 0 && listen(descriptor, 128) == 0 && getsockname(descriptor, $0, &length) == 0
      }
    }
    guard isListening else { throw POSIXError(.EADDRINUSE) }
    port = Int(UInt16(bigEndian: address.sin_port))
  }

  /// The next connection; it gives up on a client that is silent for ten seconds.
  func next() -> Connection? {
    let accepted = accept(descriptor, nil, nil)
    guard accepted >= 0 else { return nil }
    var patience = timeval(tv_sec: 10, tv_usec: 0)
    setsockopt(accepted, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    return Connection(descriptor: accepted)
  }
}

/// A client's connection, which is closed when nobody needs it any more.
final class Connection: Sendable {
  private let descriptor: Int32

  init(descriptor: Int32) { self.descriptor = descriptor }

  deinit { close(descriptor) }

  /// The request's line and its `Authorization` field; nil when there is no good request.
  func request() -> (line: String, authorization: String?)? {
    var head: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while head.firstRange(of: Array("\r\n\r\n".utf8)) == nil {
      let count = recv(descriptor, &buffer, buffer.count, 0)
      guard count > 0, head.count < 65_536 else { return nil }
      head += buffer[..<count]
    }
    let lines = String(decoding: head, as: UTF8.self).components(separatedBy: "\r\n")
    let fields = lines.dropFirst().filter { $0.lowercased().hasPrefix("authorization:") }
    // Two of them are one too many: who forwarded the request may have looked at the other.
    guard fields.count < 2 else { return nil }
    return (lines[0], fields.first.map { $0.dropFirst(14).trimmingCharacters(in: .whitespaces) })
  }

  func answer(_ answer: (status: Int, text: String, challenge: String?)) {
    var head =
      "HTTP/1.1 \(answer.status) -\r\nContent-Type: text/plain\r\nContent-Length: \(answer.text.utf8.count)\r\n"
    if let challenge = answer.challenge { head += "WWW-Authenticate: \(challenge)\r\n" }
    let bytes = Array((head + "Connection: close\r\n\r\n" + answer.text).utf8)
    _ = send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
  }
}
