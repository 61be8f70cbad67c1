// Answers that go on: handed over at once, ended by whoever wants to end them, and by silence.

import Glibc
import OutgoingHTTP
import Testing
import Threads

/// What a stream has brought.
private final class Heard: Sendable {
  private let parts = Monitor([String]())

  func take(_ part: HTTPStreamPart) {
    let text =
      switch part {
      case .head(let answer): "\(answer.status) \(answer.list("content-type") ?? "")"
      case .piece(let bytes): String(decoding: bytes, as: UTF8.self)
      }
    parts.withLock { $0.append(text) }
    parts.broadcast()
  }

  var all: [String] { parts.withLock { $0 } }

  /// Waits for so many parts.
  func waitFor(_ count: Int) -> Bool { parts.wait(milliseconds: 10_000) { $0.count >= count ? true : nil } ?? false }
}

private let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"

@Suite struct StreamTests {
  private func stream(
    _ server: PlayedServer, _ heard: Heard, patience: Int = 20, until last: String? = nil
  ) async throws {
    var options = HTTPOptions(userAgent: "Test/1")
    options.timeout = 1000
    try await HTTPClient(options).stream(HTTPURL(server.url), patience: patience) { part in
      heard.take(part)
      return last == nil || heard.all.last != last
    }
  }

  /// Waits without holding a thread that tasks need.
  private func reaches(_ condition: () -> Bool) async throws {
    for _ in 0..<2000 where !condition() { try await Task.sleep(for: .milliseconds(5)) }
    #expect(condition())
  }

  @Test func partsComeAtOnceAndInOrder() async throws {
    let heard = Heard()
    let server = PlayedServer { peer in
      // Nothing is sent before what came before has been heard, so nothing can have been gathered.
      peer.send("HTTP/1.1 100 Continue\r\n\r\n" + head)
      for (number, piece) in ["one", "two", "six"].enumerated() where heard.waitFor(number + 1) {
        peer.send("3\r\n\(piece)\r\n")
      }
      if heard.waitFor(4) { peer.send("0\r\n\r\n") }
      return false
    }
    try await stream(server, heard)
    #expect(heard.all == ["200 text/event-stream", "one", "two", "six"])
  }

  @Test func aFormIsSentByPOST() async throws {
    let heard = Heard()
    let server = PlayedServer { peer in
      var body = [UInt8](repeating: 0, count: 2000)
      let count = recv(peer.descriptor, &body, body.count, Int32(MSG_WAITALL))
      peer.send(head + "4\r\n\(count)\r\n0\r\n\r\n")
      return false
    }
    let form = "a=b%20c&d=" + String(repeating: "e", count: 1990)
    try await HTTPClient(HTTPOptions(userAgent: "test")).stream(HTTPURL(server.url), form: form, patience: 5) { part in
      heard.take(part)
      return true
    }
    #expect(heard.all == ["200 text/event-stream", "2000"])
    let fields = server.heads[0].lowercased()
    #expect(fields.hasPrefix("post /keys http/1.1\r\n") && !fields.contains("expect"))
    #expect(fields.contains("content-type: application/x-www-form-urlencoded\r\n"))
    #expect(fields.contains("content-length: 2000\r\n"))
  }

  @Test func anAnswerThatBreaksOffIsAFailure() async throws {
    let heard = Heard()
    let server = PlayedServer { peer in
      peer.send(head + "3\r\none\r\n")
      return false
    }
    await #expect { try await stream(server, heard) } throws: { ($0 as? HTTPFailure)?.cause == .badAnswer }
    #expect(heard.all == ["200 text/event-stream", "one"])
  }

  @Test func whoHasEnoughEndsIt() async throws {
    let heard = Heard()
    let server = PlayedServer { peer in
      peer.send(head + "3\r\none\r\n")
      peer.waitForEnd()
      return false
    }
    try await stream(server, heard, until: "one")
    #expect(heard.all.last == "one")
  }

  @Test func silenceEndsIt() async throws {
    let heard = Heard()
    let server = PlayedServer { peer in
      peer.send(head)
      peer.waitForEnd()
      return false
    }
    await #expect { try await stream(server, heard, patience: 1) } throws: {
      ($0 as? HTTPFailure)?.cause == .timedOut
    }
    #expect(heard.all == ["200 text/event-stream"])
  }

  @Test func cancellingEndsIt() async throws {
    let heard = Heard()
    let isOver = Monitor(false)
    let server = PlayedServer { peer in
      peer.send(head)
      peer.waitForEnd()
      isOver.withLock { $0 = true }
      return false
    }
    let task = Task { try await stream(server, heard) }
    try await reaches { !heard.all.isEmpty }
    task.cancel()
    await #expect { try await task.value } throws: { ($0 as? HTTPFailure)?.cause == .cancelled }
    try await reaches { isOver.withLock { $0 } }
  }

  @Test func anotherStatusIsHandedOverToo() async throws {
    let heard = Heard()
    let server = PlayedServer(sends: "HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno")
    try await stream(server, heard)
    #expect(heard.all == ["401 ", "no"])
  }
}
