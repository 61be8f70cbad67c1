// The service behind a gateway: it answers every request with the head that reached it, so that a test sees what the gateway
// let through.

import Foundation
import Synchronization

/// A listening echo, until `end`.
final class Backend: Sendable {
  private let listener: Listener
  private let requests = Mutex(0)

  var port: Int { listener.port }

  /// How many requests have reached it.
  var count: Int { requests.withLock { $0 } }

  init() throws {
    listener = try Listener()
    Thread.detachNewThread { [self] in
      while let connection = listener.next() {
        Thread.detachNewThread { [self] in while answer(on: connection) {} }
      }
    }
  }

  func end() { listener.end() }

  /// Answers one request; false when there was none.
  private func answer(on connection: Connection) -> Bool {
    guard let head = try? connection.head() else { return false }
    requests.withLock { $0 += 1 }
    let answer = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: \(head.utf8.count)\r\n\r\n" + head
    return (try? connection.send(answer.utf8)) != nil
  }
}

/// The head of a request that reached the backend.
struct Reached: Sendable, CustomStringConvertible {
  let description: String
  /// Names in lower case.
  let fields: [(name: String, value: String)]

  /// - Parameter answer: the backend's.
  init(_ answer: Answer) throws {
    guard answer.status == 200 else { throw HarnessError("not let through: \(answer)") }
    description = answer.text
    fields = answer.text.components(separatedBy: "\r\n").dropFirst().compactMap { line in
      let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      return parts.count < 2 ? nil : (parts[0].lowercased(), parts[1].trimmingCharacters(in: .whitespaces))
    }
  }

  /// The one field of this name.
  func field(_ name: String) -> String? {
    let values = fields.filter { $0.name == name }.map(\.value)
    return values.count == 1 ? values[0] : nil
  }
}
