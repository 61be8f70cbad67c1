// Redis's client against servers that are none: what they may send, and for how long they may be waited for.

import Glibc
import Testing
import Threads

@testable import Redis

@Suite struct RedisTests {
  /// What a server sends to whoever connects, and how that is complained about.
  @Test(arguments: [
    ("+OK\r\n", "nothing"), ("+OK\r\n+OK\r\n", "answers what wasn't asked"),
    ("-ERR no\r\n", "nothing"), ("$5\r\nhello\r\n", "nothing"),
    ("*2147483647\r\n", "answers what is no reply to what was asked"),
    ("*1\r\n+OK\r\n", "answers what is no reply to what was asked"),
    ("HTTP/1.1 400 Bad Request\r\n\r\n", "answers what is no reply to what was asked"),
    (":99999999999999999999999\r\n", "answers what is no reply to what was asked"),
    ("$2147483640\r\n" + String(repeating: "x", count: 1 << 21), "answers more than anything asked for"),
    ("$-2\r\n", "answers what is no reply to what was asked"), ("", "doesn't answer within 300 ms"),
    ("+O", "doesn't answer within 300 ms"),
  ])
  func hostileServers(sent: String, complaint: String) throws {
    let server = try FakeServer(sent)
    defer { server.end() }
    let connection = try RedisConnection(RedisOptions(.tcp(host: "127.0.0.1", port: server.port), patience: 300))
    do throws(RedisFailure) {
      let replies = try connection.run([[Array("PING".utf8)]])
      #expect(replies.count == 1)
      #expect(complaint == "nothing")
    } catch {
      #expect(error.description == complaint)
    }
  }

  @Test func refusedCredentials() throws {
    // A command that isn't known is repeated with its arguments.
    let server = try FakeServer("-ERR\u{7} unknown command 'AUTH', with args beginning with: 'hidden'\r\n")
    defer { server.end() }
    let options = RedisOptions(.tcp(host: "127.0.0.1", port: server.port), password: "hidden", patience: 300)
    let failure = #expect(throws: RedisFailure.self) { try RedisConnection(options) }
    #expect(failure?.description == "refuses: ERR?")
  }

  @Test func nobodyThere() {
    let failure = #expect(throws: RedisFailure.self) {
      try RedisConnection(RedisOptions(.unix("/nonexistent/redis.sock"), patience: 300))
    }
    #expect(failure?.description == "can't be reached: No such file or directory")
  }

  /// A server that has stopped reading costs no more than the patience.
  @Test func fullServer() throws {
    let server = try FakeServer("")
    defer { server.end() }
    let connection = try RedisConnection(RedisOptions(.tcp(host: "127.0.0.1", port: server.port), patience: 300))
    let large = [[UInt8]](repeating: [UInt8](repeating: 0x78, count: 1 << 20), count: 16)
    #expect(throws: RedisFailure.self) { try connection.run([large]) }
  }
}

/// Sends one text to whoever connects first, and reads nothing.
private final class FakeServer: Sendable {
  let port: Int
  private let listener: Int32
  private let thread: Thread
  private let peer = Monitor<Int32>(-1)

  init(_ text: String) throws {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var name = sockaddr_in()
    name.sin_family = sa_family_t(AF_INET)
    name.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &name) { name in
      name.withMemoryRebound(to: sockaddr.self, capacity: 1) { name in
        bind(listener, name, size) == 0 && listen(listener, 1) == 0 && getsockname(listener, name, &size) == 0
      }
    }
    try #require(isBound)
    self.listener = listener
    port = Int(UInt16(bigEndian: name.sin_port))
    thread = Thread(name: "fake-redis") { [peer] in
      let descriptor = accept(listener, nil, nil)
      peer.withLock { $0 = descriptor }
      var rest = Array(text.utf8)[...]
      while !rest.isEmpty {
        let count = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        guard count > 0 else { return }
        rest = rest.dropFirst(count)
      }
    }
  }

  func end() {
    shutdown(listener, Int32(SHUT_RDWR))
    peer.withLock { if $0 >= 0 { _ = shutdown($0, Int32(SHUT_RDWR)) } }
    thread.join()
    peer.withLock { if $0 >= 0 { close($0) } }
    close(listener)
  }
}
