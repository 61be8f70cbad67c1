// A server that answers with the bytes that a test gives it, good or not, on a free port or a Unix socket.

import Glibc
import Threads

/// A listening socket; each connection gets a thread, which runs the test's script.
final class PlayedServer: Sendable {
  /// What a script does with a connection: reads the request's head, sends what it likes.
  struct Peer: Sendable {
    let descriptor: Int32
    /// The request's head.
    let head: String

    /// Sends all of it; false when the client is gone.
    @discardableResult func send(_ text: String) -> Bool { send(Array(text.utf8)) }

    @discardableResult func send(_ bytes: [UInt8]) -> Bool {
      var rest = bytes[...]
      while !rest.isEmpty {
        let count = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        guard count > 0 else { return false }
        rest = rest.dropFirst(count)
      }
      return true
    }

    /// Answers with 200.
    func answer(_ body: String, _ fields: String = "") {
      send("HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\(fields)\r\n\(body)")
    }

    /// Waits until the client is gone.
    func waitForEnd() {
      var byte: UInt8 = 0
      while recv(descriptor, &byte, 1, 0) > 0 {}
    }
  }

  let port: Int
  private let listener: Int32
  private let counts = Monitor((connections: 0, heads: [String]()))

  /// - Parameters:
  ///   - path: listens there rather than on 127.0.0.1.
  ///   - script: runs once for each request; the connection ends when it returns false.
  init(unix path: String? = nil, _ script: @escaping @Sendable (Peer) -> Bool) {
    if let path {
      listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
      var name = sockaddr_un()
      name.sun_family = sa_family_t(AF_UNIX)
      withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: path.utf8) }
      port = Self.listen(listener, &name)
    } else {
      listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
      var name = sockaddr_in()
      name.sin_family = sa_family_t(AF_INET)
      name.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
      port = Self.listen(listener, &name)
    }
    let (listener, counts) = (listener, counts)
    _ = Thread.detach(name: "played-server") {
      while true {
        let descriptor = accept(listener, nil, nil)
        guard descriptor >= 0 else {
          // Here and nowhere else: a number that is free belongs to somebody else at once.
          close(listener)
          return
        }
        counts.withLock { $0.connections += 1 }
        _ = Thread.detach(name: "played-peer") {
          while let head = Self.head(descriptor) {
            counts.withLock { $0.heads.append(head) }
            guard script(Peer(descriptor: descriptor, head: head)) else { break }
          }
          close(descriptor)
        }
      }
    }
  }

  /// One whose answer is these bytes and the end.
  convenience init(sends text: String) {
    self.init { peer in
      peer.send(text)
      return false
    }
  }

  deinit { shutdown(listener, Int32(SHUT_RDWR)) }

  var url: String { "http://127.0.0.1:\(port)/keys" }
  var connections: Int { counts.withLock { $0.connections } }
  var heads: [String] { counts.withLock { $0.heads } }

  private static func listen<Name>(_ listener: Int32, _ name: inout Name) -> Int {
    withUnsafeMutableBytes(of: &name) { bytes in
      guard let address = bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self) else { return 0 }
      var length = socklen_t(bytes.count)
      guard bind(listener, address, length) == 0, Glibc.listen(listener, 64) == 0,
        getsockname(listener, address, &length) == 0
      else { return 0 }
      return Int(bytes[2]) << 8 | Int(bytes[3])
    }
  }

  private static func head(_ descriptor: Int32) -> String? {
    var bytes: [UInt8] = []
    var byte: UInt8 = 0
    while !bytes.suffix(4).elementsEqual([13, 10, 13, 10]) {
      guard recv(descriptor, &byte, 1, 0) == 1 else { return nil }
      bytes.append(byte)
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
