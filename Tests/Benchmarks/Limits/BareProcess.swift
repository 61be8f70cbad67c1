// `Benchmarks --bare FOLDER`, which cases start: a process that does what no refresh can do without, and nothing else. It
// reads a request, signs once, updates a session in durable batches, and answers.
//
// Nothing is parsed or checked and every answer is the same. Otherwise it is built as a server would be: a thread of
// connections for each core, one writer. poll(2) rather than epoll, which Swift's Glibc module lacks: for the 64
// connections that it is measured with there is no difference.

import Counting
import Foundation
import OpenSSL
import SQLite
import Threads

/// The process. Its folder is one of Signet's, with the answer beside the database.
enum BareProcess {
  static let answer = "answer.json"

  /// Serves until standard input ends.
  static func run(_ folder: String) throws -> Never {
    let body = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(answer)"))
    let input = try HTTPAnswer(status: 200, body: body).member("access_token").split(separator: ".").prefix(2)
    let writer = BareWriter(path: folder + "/signet.db")
    let loops = try (0..<ProcessInfo.processInfo.activeProcessorCount).map { _ in
      try BareLoop(signing: Array(input.joined(separator: ".").utf8), body: body, writer: writer)
    }
    let listener = try listen()
    _ = Thread(name: "stdin") {
      _ = FileHandle.standardInput.readDataToEndOfFile()
      exit(0)
    }
    var number = 0
    while true {
      let descriptor = accept(listener, nil, nil)
      guard descriptor >= 0 else { continue }
      var on: Int32 = 1
      setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
      loops[number % loops.count].inbox.send([.opened(descriptor)])
      number += 1
    }
  }

  /// Listens on a free port, which is printed.
  private static func listen() throws -> Int32 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, size) == 0 && Foundation.listen(descriptor, 1024) == 0
          && getsockname(descriptor, $0, &size) == 0
      }
    }
    guard isBound else { throw Failure("no port is free") }
    FileHandle.standardOutput.write(Data("\(UInt16(bigEndian: address.sin_port))\n".utf8))
    return descriptor
  }
}

/// What a loop is told by the other threads, through a pipe that it polls beside its connections.
private struct BareInbox: Sendable {
  /// A descriptor that is the loop's from now on, or, with all bits turned, one whose update is durable.
  struct Message {
    let word: Int32
    static func opened(_ descriptor: Int32) -> Message { Message(word: descriptor) }
    static func durable(_ descriptor: Int32) -> Message { Message(word: ~descriptor) }
  }

  let descriptor: Int32
  private let input: Int32

  init() throws {
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { throw Failure("pipe: \(errno)") }
    (descriptor, input) = (ends[0], ends[1])
  }

  func send(_ messages: [Message]) {
    _ = messages.withUnsafeBytes { write(input, $0.baseAddress, $0.count) }
  }

  func receive() -> [Message] {
    [Message](unsafeUninitializedCapacity: 512) { buffer, count in
      let size = MemoryLayout<Message>.stride
      count = max(0, read(descriptor, buffer.baseAddress, buffer.count * size)) / size
    }
  }
}

/// A thread with its connections.
private struct BareLoop: Sendable {
  let inbox: BareInbox

  init(signing input: [UInt8], body: Data, writer: BareWriter) throws {
    let inbox = try BareInbox()
    self.inbox = inbox
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: \(body.count)\r\n\r\n"
    let answer = Array(head.utf8) + body
    let key = try PrivateKey.generate(.p256)
    _ = Thread(name: "loop") {
      do { try Self.serve(inbox, answer, input, Signer(key: key, scheme: .ecdsa(.p256)), writer) } catch {
        fatalError("\(error)")
      }
    }
  }

  private static func serve(
    _ inbox: BareInbox, _ answer: [UInt8], _ input: [UInt8], _ signer: Signer, _ writer: BareWriter
  ) throws {
    var watched = [pollfd(fd: inbox.descriptor, events: Int16(POLLIN), revents: 0)]
    var request = [UInt8](repeating: 0, count: 4096)
    var signature = [UInt8](repeating: 0, count: signer.signatureSize)
    while true {
      poll(&watched, nfds_t(watched.count), -1)
      var jobs: [BareWriter.Job] = []
      for index in watched.indices.dropFirst().reversed() where watched[index].revents != 0 {
        // One read is one request: they are smaller than a segment, and no client sends a second one early.
        guard read(watched[index].fd, &request, request.count) > 0 else {
          close(watched[index].fd)
          watched.remove(at: index)
          continue
        }
        try input.withUnsafeBytes { bytes in
          try signature.withUnsafeMutableBytes { try signer.sign(bytes, into: $0) }
        }
        jobs.append((watched[index].fd, inbox))
      }
      writer.put(jobs)
      guard watched[0].revents != 0 else { continue }
      for message in inbox.receive() {
        if message.word >= 0 {
          watched.append(pollfd(fd: message.word, events: Int16(POLLIN), revents: 0))
        } else {
          _ = write(~message.word, answer, answer.count)
        }
      }
    }
  }
}

/// The one thread that writes: a rotation's UPDATE for each job, up to 256 in a transaction.
private final class BareWriter: Sendable {
  typealias Job = (descriptor: Int32, inbox: BareInbox)

  private let jobs = Monitor<[Job]>([])

  init(path: String) {
    let jobs = jobs
    _ = Thread(name: "writer") {
      do { try Self.serve(jobs, path) } catch { fatalError("\(error)") }
    }
  }

  func put(_ new: [Job]) {
    guard !new.isEmpty else { return }
    jobs.withLock { $0 += new }
    jobs.signal()
  }

  private static func serve(_ jobs: Monitor<[Job]>, _ path: String) throws {
    let rotation = try Rotation(path: path)
    while true {
      let batch = jobs.wait { jobs -> [Job]? in
        guard !jobs.isEmpty else { return nil }
        defer { jobs.removeFirst(min(256, jobs.count)) }
        return Array(jobs.prefix(256))
      }
      try rotation.commit(batch.count)
      for (_, jobs) in Dictionary(grouping: batch, by: \.inbox.descriptor) {
        jobs[0].inbox.send(jobs.map { .durable($0.descriptor) })
      }
    }
  }
}
