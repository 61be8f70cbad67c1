// A service whose feed of revocations is played: no feed at all, one that goes wrong, one that breaks off, and a good one.

import Foundation
import Synchronization
import Testing

@Suite struct PlayedFeedTests {
  @Test func aFeedThatGoesWrongIsSilenceUntilItIsGood() async throws {
    let begin = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    let ready = Self.chunk("id: 7-5\nevent: ready\ndata: {}\n\n")
    let feed = try PlayedFeed([
      "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>",
      "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
      begin + ready + Self.chunk("id: 7-6\nevent: denied\ndata: {\n\n"),
      // The event isn't whole, nor is the answer.
      begin + Self.chunk("id: 7-7\nevent: ready\ndata: {}\n"),
      begin + ready,
    ])
    defer { feed.listener.end() }
    try await withServer { server in
      try await server.addUser("ada", ["--role", "editor"])
      let tokens = try await server.login()
      let service = try await Service.start(
        server.issuer, server.folder,
        environment: [
          "FEED_CREDENTIALS": "orders:secret", "FEED_URL": "http://127.0.0.1:\(feed.listener.port)/feed",
        ])
      var age = 0
      for why in ["something else than a feed", "redirects (302)", "can't be read", "good HTTP"] {
        feed.answerNext()
        try await eventually(why) { "\(try await service.ask(tokens.access))".contains(why) }
        #expect(try await service.ask(tokens.access).status == 503)
        // Past the pause, whatever its length.
        age += 15_000
        try service.age(by: age)
      }
      feed.answerNext()
      try await eventually("it is heard") { try await service.ask(tokens.access).status == 200 }
      // What was taken is not asked for again, and what was not is.
      #expect(feed.places == [nil, nil, nil, "7-5", "7-5"])
      await service.child.destroy()
    }
  }

  private static func chunk(_ text: String) -> String {
    String(text.utf8.count, radix: 16) + "\r\n" + text + "\r\n"
  }
}

/// Answers one request after the other, each when it is told to, and holds the last connection.
private final class PlayedFeed: Sendable {
  let listener: Listener
  private let heads = Mutex<[String]>([])
  private let permits = DispatchSemaphore(value: 0)

  init(_ answers: [String]) throws {
    listener = try Listener()
    Thread.detachNewThread { [self] in
      for (number, answer) in answers.enumerated() {
        guard let connection = listener.next(), let head = try? connection.head() else { return }
        heads.withLock { $0.append(head) }
        permits.wait()
        try? connection.send(Array(answer.utf8))
        if number == answers.count - 1 { _ = connection.isClosed() }
      }
    }
  }

  func answerNext() { permits.signal() }

  /// The `Last-Event-ID` of each request.
  var places: [String?] {
    heads.withLock { heads in
      heads.map { head in
        let line = head.components(separatedBy: "\r\n").first { $0.lowercased().hasPrefix("last-event-id: ") }
        return line.map { String($0.dropFirst("last-event-id: ".count)) }
      }
    }
  }
}
