// A raw HTTP/1.1 client: sends any bytes, reads one answer at a time, sees whether the connection goes on.
//
// Blocking, with a deadline on each call; used through `blocking` (Surroundings.swift).

import Foundation

/// One connection to loopback; it has no buffer of its own, so one value may be shared.
final class Connection: Sendable {
  private let descriptor: Int32

  /// - Parameters:
  ///   - source: the last byte of the loopback address that it comes from.
  ///   - host: the last byte of the one it goes to.
  init(port: Int, source: UInt8 = 1, host: UInt8 = 1) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var timeout = timeval(tv_sec: 60, tv_usec: 0)
    for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
      setsockopt(descriptor, SOL_SOCKET, option, &timeout, socklen_t(MemoryLayout<timeval>.size))
    }
    let descriptor = descriptor
    let bound = source == 1 ? 0 : Self.with(source, 0) { Glibc.bind(descriptor, $0, $1) }
    guard bound == 0, Self.with(host, port, { Glibc.connect(descriptor, $0, $1) }) == 0 else {
      throw HarnessError("can't connect: \(String(cString: strerror(errno)))")
    }
  }

  /// One that somebody else began.
  init(accepted: Int32) { descriptor = accepted }

  private static func with(
    _ last: UInt8, _ port: Int, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
  ) -> Int32 {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = (0x7F00_0000 + in_addr_t(last)).bigEndian
    return withUnsafeBytes(of: &address) { bytes in
      bytes.baseAddress.map { body($0.assumingMemoryBound(to: sockaddr.self), socklen_t(bytes.count)) } ?? -1
    }
  }

  deinit { close(descriptor) }

  /// Sends all of it. A server which refuses early may close meanwhile; then its answer is still there to be read.
  func send(_ bytes: some Collection<UInt8>) throws {
    var rest = Array(bytes)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }

  /// Reads one answer.
  /// - Parameter bodiless: it answers a HEAD request.
  func answer(bodiless: Bool = false) throws -> Answer {
    let head = try read { Self.end(of: $0) }
    var answer = try Answer(head: head)
    guard !bodiless, answer.status != 204, answer.status != 304 else { return answer }
    guard let length = answer.field("content-length").flatMap({ Int($0) }) else {
      throw HarnessError("an answer without Content-Length: \(String(decoding: head, as: UTF8.self))")
    }
    answer.body = length == 0 ? [] : try read { $0.count >= length ? length : nil }
    return answer
  }

  /// Whether something has come, or the end; doesn't wait.
  var hasInput: Bool {
    var byte: UInt8 = 0
    return recv(descriptor, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT)) >= 0 || errno != EAGAIN
  }

  /// Whether the server closed it: waits for that, or for a byte that should not come.
  func isClosed() -> Bool {
    var byte: UInt8 = 0
    return recv(descriptor, &byte, 1, 0) <= 0 && errno != EAGAIN
  }

  /// Everything that comes, until the other side closes or is silent for so long.
  func rest(silence seconds: Double) -> (bytes: [UInt8], isClosed: Bool) {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      var event = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      guard poll(&event, 1, Int32(seconds * 1000)) > 0 else { return (bytes, false) }
      let count = recv(descriptor, &buffer, buffer.count, 0)
      guard count > 0 else { return (bytes, true) }
      bytes += buffer[..<count]
    }
  }

  /// The head of a request, for a test that plays the server.
  func head() throws -> String { String(decoding: try read { Self.end(of: $0) }, as: UTF8.self) }

  /// Tells the server that nothing more will come.
  func finishSending() { shutdown(descriptor, Int32(SHUT_WR)) }

  /// Takes bytes until `end` says how many belong together; leaves what comes after them in the socket.
  private func read(_ end: ([UInt8]) -> Int?) throws -> [UInt8] {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let seen = recv(descriptor, &buffer, buffer.count, Int32(MSG_PEEK))
      guard seen > 0 else {
        throw HarnessError(seen == 0 ? "the server closed" : "no answer: \(String(cString: strerror(errno)))")
      }
      let all = bytes + buffer[..<seen]
      let wanted = end(all)
      let taken = (wanted ?? all.count) - bytes.count
      guard recv(descriptor, &buffer, taken, 0) == taken else { throw HarnessError("lost bytes") }
      if let wanted { return Array(all[..<wanted]) }
      bytes = all
    }
  }

  private static func end(of bytes: [UInt8]) -> Int? {
    guard bytes.count >= 4 else { return nil }
    return (4...bytes.count).first {
      bytes[$0 - 4] == 13 && bytes[$0 - 3] == 10 && bytes[$0 - 2] == 13 && bytes[$0 - 1] == 10
    }
  }
}
