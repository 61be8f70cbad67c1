// `ExampleService ISSUER [CLOCK [KEY]]`: a service with one protected route, as small as can be. It listens on a free port of
// 127.0.0.1, says which, and answers `GET /orders` to users who have the role editor.
//
// Its tests run it beside a real server, and move its clock by a file: CLOCK. KEY is one with a private JWK, for a
// service whose tokens are encrypted.

import Foundation
import SignetVerifier

@main
struct ExampleService {
  static func main() throws {
    let arguments = Array(CommandLine.arguments.dropFirst())
    guard (1...3).contains(arguments.count) else {
      say("usage: ExampleService ISSUER [CLOCK [KEY]]")
      exit(2)
    }
    var options = VerifierOptions()
    options.observer = { event in say("keys: \(event)") }
    if arguments.count > 1 { options.time = MovedTime(file: arguments[1]) }
    if arguments.count > 2 { options.decryptionKeys = Array(try Data(contentsOf: URL(fileURLWithPath: arguments[2]))) }
    if let (client, authentication) = feedCredentials {
      options.revocations = RevocationFeed(clientID: client, authentication: authentication, whenSilent: .failClosed)
      options.revocations?.url = ProcessInfo.processInfo.environment["FEED_URL"]
      options.revocations?.observer = { event in say("revocations: \(event)") }
    }
    let orders = try Orders(issuer: arguments[0], options: options)
    let listener = try Listener()
    say("listening on http://127.0.0.1:\(listener.port)")
    while let connection = listener.next() {
      // Reading blocks, so it isn't for the few threads that run tasks.
      Thread.detachNewThread {
        guard let request = connection.request() else { return }
        Task {
          guard request.line.hasPrefix("GET /orders ") else { return connection.answer((404, "no such place", nil)) }
          connection.answer(await orders.answer(request.authorization))
        }
      }
    }
  }
}

/// With FEED_CREDENTIALS, ID:SECRET, in its environment the service subscribes to the feed of revocations, the issuer's or the
/// one at FEED_URL. FEED_METHOD is the registered one; for private_key_jwt SECRET is the path of an assertion.
private var feedCredentials: (String, RevocationFeed.Authentication)? {
  let environment = ProcessInfo.processInfo.environment
  let text = environment["FEED_CREDENTIALS"] ?? ""
  guard let colon = text.firstIndex(of: ":") else { return nil }
  let (client, secret) = (String(text[..<colon]), String(text[text.index(after: colon)...]))
  switch environment["FEED_METHOD"] {
  case "client_secret_post": return (client, .post(secret: secret))
  case "private_key_jwt": return (client, .assertion { try String(contentsOfFile: secret, encoding: .utf8) })
  default: return (client, .basic(secret: secret))
  }
}

/// Prints a line at once, whatever standard output is.
func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }

/// The machine's clocks, moved by what a file says: milliseconds for the one that keys grow old by, and seconds for the
/// one that tokens expire by.
struct MovedTime: TimeSource {
  let file: String

  var now: Int64 { SystemTime().now + moves.wall }

  var elapsed: Int64 { SystemTime().elapsed + moves.elapsed }

  private var moves: (elapsed: Int64, wall: Int64) {
    let text = (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
    let numbers = text.split(separator: " ").compactMap { Int64($0) }
    return (numbers.first ?? 0, numbers.dropFirst().first ?? 0)
  }

  /// Looks often, since the file may be changed at any time.
  func sleep(milliseconds: Int64) async {
    let end = elapsed + milliseconds
    while elapsed < end, !Task.isCancelled { try? await Task.sleep(for: .milliseconds(20)) }
  }
}
