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

  init(_ feed: RevocationFeed, issuer: String, _ fetching: FetchOptions) throws(VerifierSetupError) {
    let url = if let url = feed.url { url } else { try Remote.url("/v1/revocations", below: issuer) }
    remote = try Remote(
      url, of: "feed of revocations", risk: "the client's secret could be read on its way", fetching)
    (clientID, authentication) = (feed.clientID, feed.authentication)
    patience = Int(feed.silence.components.seconds)
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
      let assertion: String
      // The error's own words may hold what nobody should read.
      do { assertion = try await make() } catch {
        throw FetchProblem(.other, "the service could make no assertion for \(remote.url): \(type(of: error))")
      }
      return "client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer"
        + "&client_assertion=\(Self.formEncoded(assertion))"
    }
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
