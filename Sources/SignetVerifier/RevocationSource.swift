// The feed over HTTP: who asks, what counts as an answer, and what a failure is called.

import JOSE
import OutgoingHTTP
import Threads

/// Something that brings the feed's bytes.
protocol RevocationSource: Sendable {
  /// Brings the bytes that come after the event of that id, until they end or `take` says false.
  func stream(
    after lastEventID: String?, _ take: @escaping @Sendable ([UInt8]) -> Bool
  ) async throws(FetchProblem)
}

/// The feed at a URL.
struct HTTPRevocationSource: RevocationSource {
  private let remote: Remote
  private let clientID: String
  private let authentication: RevocationFeed.Authentication
  private let patience: Int
  /// How long the service may take to make an assertion, in milliseconds.
  private let timeout: Int64
  private let time: any TimeSource

  init(_ feed: RevocationFeed, issuer: String, _ options: VerifierOptions) throws(VerifierSetupError) {
    let url = if let url = feed.url { url } else { try Remote.url("/v1/revocations", below: issuer) }
    remote = try Remote(
      url, of: "feed of revocations", risk: "the client's secret could be read on its way", options.fetching)
    (clientID, authentication) = (feed.clientID, feed.authentication)
    patience = Int(feed.silence.components.seconds)
    (timeout, time) = (options.fetching.timeout.milliseconds, options.time)
  }

  func stream(
    after lastEventID: String?, _ take: @escaping @Sendable ([UInt8]) -> Bool
  ) async throws(FetchProblem) {
    var fields = [HTTPField("Accept", "text/event-stream")]
    let form = try await authenticate(&fields)
    if let lastEventID { fields.append(HTTPField("Last-Event-ID", lastEventID)) }
    let refusal = Monitor<FetchProblem?>(nil)
    do throws(HTTPFailure) {
      try await remote.client.stream(remote.url, fields: fields, form: form, patience: patience) { [remote] part in
        switch part {
        case .head(let answer):
          let problem = Self.problem(answer, remote)
          refusal.withLock { $0 = problem }
          return problem == nil
        case .piece(let bytes): return take(bytes)
        }
      }
    } catch {
      throw remote.problem(error)
    }
    if let problem = refusal.withLock({ $0 }) { throw problem }
  }

  /// Says which client asks, in a field or in the form that is returned.
  private func authenticate(_ fields: inout [HTTPField]) async throws(FetchProblem) -> String? {
    switch authentication {
    case .basic(let secret):
      fields.append(HTTPField("Authorization", Self.basic(clientID, secret)))
      return nil
    case .post(let secret):
      return "client_id=\(Self.formEncoded(clientID))&client_secret=\(Self.formEncoded(secret))"
    case .assertion(let make):
      return "client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer"
        + "&client_assertion=\(Self.formEncoded(try await assertion(make)))"
    }
  }

  /// What the service makes in time. Nobody waits for a closure that doesn't heed its cancellation, so both tasks are
  /// unstructured: what comes after the first outcome is dropped.
  private func assertion(_ make: @escaping @Sendable () async throws -> String) async throws(FetchProblem) -> String {
    let (outcomes, outcome) = AsyncStream.makeStream(of: Result<String, FetchProblem>.self)
    let making = Task.detached { [url = remote.url] in
      // The error's own words may hold what nobody should read.
      do { outcome.yield(.success(try await make())) } catch {
        outcome.yield(
          .failure(FetchProblem(.other, "the service could make no assertion for \(url): \(type(of: error))")))
      }
    }
    let timer = Task.detached { [time, timeout] in
      // The bound itself; cancelled once there is an assertion.
      await time.sleep(milliseconds: timeout)
      outcome.yield(.failure(FetchProblem(.timedOut, "the service's assertion took too long")))
    }
    defer {
      making.cancel()
      timer.cancel()
    }
    for await first in outcomes { return try first.get() }
    throw FetchProblem(.cancelled, "the subscription was cancelled")
  }

  /// Why an answer isn't the feed.
  private static func problem(_ answer: HTTPAnswer, _ remote: Remote) -> FetchProblem? {
    switch answer.status {
    case 200:
      let type = (answer.list("content-type") ?? "").prefix { $0 != ";" }.filter { $0 != " " }.lowercased()
      if type == "text/event-stream" { return nil }
      return FetchProblem(.badAnswer, "\(remote.url) answers with something else than a feed")
    case 401:
      return FetchProblem(
        .status(401), "\(remote.url) answers 401: the client's id or secret isn't good, or it is public")
    default: return remote.problem(status: answer.status)
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
