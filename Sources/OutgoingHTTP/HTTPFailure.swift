// Why nothing could be fetched. Whoever asked knows the URL, so no text here repeats it; none holds a byte of an answer
// that isn't visible ASCII.

/// A request without a usable answer.
package struct HTTPFailure: Error, Equatable, Sendable, CustomStringConvertible {
  /// What kind of failure it was.
  package enum Cause: Sendable, CaseIterable {
    /// libcurl isn't installed, or can't be used.
    case library
    case unknownHost
    case unreachable
    case timedOut
    /// The server's certificate isn't good for this host, or nobody who is trusted signed it.
    case untrusted
    /// TLS couldn't be spoken for another reason.
    case tls
    /// What came isn't HTTP, or ended too early.
    case badAnswer
    case tooLarge
    case cancelled
    /// The system has no memory or threads left, or refused a setting.
    case failed
  }

  package let cause: Cause
  /// libcurl's or the loader's words, at most 200 characters; empty when there are none.
  package let detail: String

  package init(_ cause: Cause, _ detail: String = "") {
    self.cause = cause
    self.detail = Self.plain(detail)
  }

  package var description: String { detail.isEmpty ? sentence : "\(sentence) (\(detail))" }

  private var sentence: String {
    switch cause {
    case .library: "libcurl.so.4 can't be used; install libcurl4 (Debian, Ubuntu) or libcurl (Fedora, Alpine)"
    case .unknownHost: "the host's name can't be resolved"
    case .unreachable: "nothing answers there"
    case .timedOut: "no answer in time"
    case .untrusted: "the server's certificate isn't trusted"
    case .tls: "TLS failed"
    case .badAnswer: "the answer isn't good HTTP"
    case .tooLarge: "the answer is larger than allowed"
    case .cancelled: "it was cancelled"
    case .failed: "the request couldn't be made"
    }
  }

  private static func plain(_ text: String) -> String {
    String(decoding: text.utf8.prefix(200).map { (0x20...0x7E).contains($0) ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
  }
}
