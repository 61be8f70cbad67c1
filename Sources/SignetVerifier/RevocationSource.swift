// The feed over HTTP: who asks, what counts as an answer, and what a failure is called.

import JOSE
import OutgoingHTTP
import Threads

/// What comes of a feed.
enum RevocationPart: Sendable {
  /// The server has taken the subscription.
  case opened
  /// Some bytes of its events.
  case piece([UInt8])
}

/// Something that brings the feed's bytes.
protocol RevocationSource: Sendable {
  /// Brings what comes after the event of that id, until it ends or `take` says false.
  func stream(
    after lastEventID: String?, _ take: @escaping @Sendable (RevocationPart) -> Bool
  ) async throws(RevocationProblem)
}

/// The feed at a URL.
struct HTTPRevocationSource: RevocationSource {
  private let url: HTTPURL
  private let client: HTTPClient
  private let authorization: String
  private let patience: Int

  init(_ feed: RevocationFeed, issuer: String, _ fetching: FetchOptions) throws(VerifierSetupError) {
    let base = issuer.hasSuffix("/") ? issuer.dropLast() : issuer[...]
    do { url = try HTTPURL(feed.url ?? base + "/v1/revocations") } catch {
      throw VerifierSetupError("the URL of the feed of revocations \(error)")
    }
    guard url.isSecure || url.isLoopback || fetching.allowsPlainHTTP else {
      throw VerifierSetupError(
        "the URL of the feed of revocations begins with http://, so the client's secret could be read on its way; "
          + "use https://, or set fetching.allowsPlainHTTP where the network is trusted")
    }
    do { client = try HTTPClient(HTTPOptions(fetching)) } catch {
      throw VerifierSetupError("the feed of revocations can't be had: \(error)")
    }
    authorization = Self.basic(feed.clientID, feed.clientSecret)
    patience = Int(feed.silence.components.seconds)
  }

  func stream(
    after lastEventID: String?, _ take: @escaping @Sendable (RevocationPart) -> Bool
  ) async throws(RevocationProblem) {
    var fields = [HTTPField("Accept", "text/event-stream"), HTTPField("Authorization", authorization)]
    if let lastEventID { fields.append(HTTPField("Last-Event-ID", lastEventID)) }
    let refusal = Monitor<RevocationProblem?>(nil)
    do throws(HTTPFailure) {
      try await client.stream(url, fields: fields, patience: patience) { [url] part in
        switch part {
        case .head(let answer):
          guard let problem = Self.problem(answer, url) else { return take(.opened) }
          refusal.withLock { $0 = problem }
          return false
        case .piece(let bytes): return take(.piece(bytes))
        }
      }
    } catch {
      throw RevocationProblem(error, url)
    }
    if let problem = refusal.withLock({ $0 }) { throw problem }
  }

  /// Why an answer isn't the feed.
  private static func problem(_ answer: HTTPAnswer, _ url: HTTPURL) -> RevocationProblem? {
    switch answer.status {
    case 200:
      let type = (answer.list("content-type") ?? "").prefix { $0 != ";" }.filter { $0 != " " }.lowercased()
      if type == "text/event-stream" { return nil }
      return RevocationProblem(.badAnswer, "\(url) answers with something else than a feed")
    case 401:
      return RevocationProblem(
        .status(401), "\(url) answers 401: the client's id or secret isn't good, or it is public")
    case 300..<400:
      return RevocationProblem(
        .status(answer.status), "\(url) redirects (\(answer.status)), which is not followed; name the feed's own URL")
    default: return RevocationProblem(.status(answer.status), "\(url) answers with status \(answer.status)")
    }
  }

  /// RFC 6749 section 2.3.1: both form-encoded, joined, in base64.
  static func basic(_ id: String, _ secret: String) -> String {
    let text = Base64URL.encode(Array("\(formEncoded(id)):\(formEncoded(secret))".utf8))
    let base64 = text.map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 }
    return "Basic " + base64 + String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
  }

  private static func formEncoded(_ text: String) -> String {
    var encoded = ""
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
        encoded.unicodeScalars.append(Unicode.Scalar(byte))
      default: encoded += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
      }
    }
    return encoded
  }
}

extension HTTPOptions {
  /// As a service wants things fetched.
  init(_ options: FetchOptions) {
    self.init(userAgent: "SignetVerifier/\(SignetVerifier.version)")
    timeout = Int(options.timeout.milliseconds)
    connectTimeout = timeout / 2
    usesEnvironmentProxies = options.usesEnvironmentProxies
    if let file = options.authorityFile { trust = .authorities(file: file) }
  }
}

extension RevocationProblem {
  init(_ failure: HTTPFailure, _ url: HTTPURL) {
    let cause: Cause =
      switch failure.cause {
      case .library: .libraryMissing
      case .unknownHost, .unreachable: .unreachable
      case .timedOut: .timedOut
      case .untrusted, .tls: .untrusted
      case .badAnswer: .badAnswer
      case .cancelled: .cancelled
      case .tooLarge, .failed: .other
      }
    self.init(cause, "\(url) can't be heard: \(failure)")
  }
}
