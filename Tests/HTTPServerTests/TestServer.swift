// A server on port 0 and a client which sends exactly the bytes it is told.

import CLinux
import Glibc
import HTTPServer
import OpenSSL
import Reactor
import Synchronization
import Telemetry
import Threads

/// A server with its own loops; `stop` drains and joins.
final class TestServer: Sendable {
  let group: EventLoopGroup
  let server: HTTPServer
  let bound: BoundAddress
  let metrics = Metrics()

  init(
    loops: Int = 2, limits: Limits = Limits(), options: ListenerOptions = ListenerOptions(), tls: TLSContext? = nil,
    routes: @escaping @Sendable (isolated EventLoop) -> [Route]
  ) throws {
    group = EventLoopGroup(count: loops)
    server = HTTPServer(group: group, limits: limits, metrics: metrics, log: LogRing(), access: .all)
    if let tls { server.use(tls) }
    bound = try server.listen(on: ListenAddress("127.0.0.1:0"), options: options) { loop in
      Router(
        routes(loop), prepare: { _, _ in false },
        failure: { error, exchange in
          exchange.respond(error.status, contentType: "text/plain", body: error.cause)
        })
    }
  }

  func client() -> Client { Client(port: bound.port) }

  /// Whether a metric comes to stand at this value within five seconds, given as its whole line.
  func metric(_ line: String) -> Bool { reaches(line + "\n") }

  /// Whether the metrics come to hold a line which begins so within five seconds.
  func reaches(_ beginning: String) -> Bool {
    for _ in 0..<500 {
      if String(decoding: metrics.write(), as: UTF8.self).contains("\n" + beginning) { return true }
      usleep(10_000)
    }
    return false
  }

  func stop() {
    server.drain()
    group.stop()
    group.join()
  }
}

/// A thread which resumes continuations, so that an endpoint really leaves its loop.
final class Elsewhere: Sendable {
  private let queue = Monitor<[CheckedContinuation<Void, Never>]>([])
  private let isOver = Atomic<Bool>(false)
  private let thread = Monitor<Thread?>(nil)

  init() {
    let started = Thread(name: "elsewhere") { [self] in
      while !isOver.load(ordering: .relaxed) {
        let batch = queue.wait(milliseconds: 50) { queue -> [CheckedContinuation<Void, Never>]? in
          guard !queue.isEmpty else { return nil }
          defer { queue = [] }
          return queue
        }
        for continuation in batch ?? [] { continuation.resume() }
      }
    }
    thread.withLock { $0 = started }
  }

  func visit() async {
    await withCheckedContinuation { continuation in
      queue.withLock { $0.append(continuation) }
      queue.signal()
    }
  }

  func end() {
    isOver.store(true, ordering: .relaxed)
    thread.withLock { $0 }?.join()
  }
}

/// A blocking TCP client; every read gives up after five seconds.
///
/// `@unchecked Sendable`: a test lets one thread write while another reads, which share nothing but the descriptor.
final class Client: @unchecked Sendable {
  let descriptor: Int32
  private(set) var isConnected = false
  private var rest: [UInt8] = []

  init(port: UInt16) {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var patience = timeval(tv_sec: 5, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    var name = sockaddr_in()
    name.sin_family = sa_family_t(AF_INET)
    name.sin_port = port.bigEndian
    name.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    withUnsafeBytes(of: &name) { raw in
      isConnected =
        0 == connect(descriptor, raw.baseAddress?.assumingMemoryBound(to: sockaddr.self), socklen_t(raw.count))
    }
  }

  deinit { close(descriptor) }

  func send(_ text: String) { send(Array(text.utf8)) }

  func send(_ bytes: [UInt8]) {
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes { raw in
        Glibc.send(descriptor, raw.baseAddress.map { $0 + sent }, raw.count - sent, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return }
      sent += count
    }
  }

  /// Closes with a reset instead of an orderly end.
  func reset() {
    var linger = linger(l_onoff: 1, l_linger: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<linger>.size))
    shutdown(descriptor, Int32(SHUT_RDWR))
  }

  func endWriting() { shutdown(descriptor, Int32(SHUT_WR)) }

  /// The next answer, head and body; nil when the server has ended. `isHead`: it has no body whatever it says.
  func answer(isHead: Bool = false) -> Answer? {
    var head: Range<Int>?
    while true {
      head = Self.find("\r\n\r\n", rest)
      if head != nil || !receive() { break }
    }
    guard let head else { return nil }
    let text = String(decoding: rest[..<head.lowerBound], as: UTF8.self)
    rest.removeFirst(head.upperBound)
    var answer = Answer(head: text)
    let length = isHead ? 0 : Int(answer.field("content-length") ?? "0") ?? 0
    while rest.count < length, receive() {}
    answer.body = String(decoding: rest.prefix(length), as: UTF8.self)
    rest.removeFirst(min(length, rest.count))
    return answer
  }

  /// Whether the server ends the connection, with nothing more to read.
  func isEnded() -> Bool { rest.isEmpty && !receive() }

  /// All that comes until the server ends the connection.
  func remainder() -> String {
    while receive() {}
    defer { rest = [] }
    return String(decoding: rest, as: UTF8.self)
  }

  private func receive() -> Bool {
    var buffer = [UInt8](repeating: 0, count: 16 << 10)
    let count = recv(descriptor, &buffer, buffer.count, 0)
    guard count > 0 else { return false }
    rest += buffer[..<count]
    return true
  }

  private static func find(_ text: String, _ bytes: [UInt8]) -> Range<Int>? {
    let wanted = Array(text.utf8)
    guard bytes.count >= wanted.count else { return nil }
    for index in 0...(bytes.count - wanted.count) where bytes[index..<(index + wanted.count)].elementsEqual(wanted) {
      return index..<(index + wanted.count)
    }
    return nil
  }
}

struct Answer {
  let head: String
  var body = ""

  var status: Int { Int(head.dropFirst(9).prefix(3)) ?? 0 }

  func field(_ name: String) -> String? {
    for line in head.split(separator: "\r\n").dropFirst() {
      guard let colon = line.firstIndex(of: ":"), line[..<colon].lowercased() == name else { continue }
      return String(line[line.index(after: colon)...].drop { $0 == " " })
    }
    return nil
  }
}
