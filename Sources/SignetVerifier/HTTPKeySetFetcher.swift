// Fetches a JWK Set over HTTP: certificates checked, nothing followed, everything bounded.

import OutgoingHTTP

/// Fetches the JWK Set at a URL, by libcurl.
///
/// The server's certificate is checked for the host of the URL. Redirects are not followed, cookies not kept, proxies of
/// the environment not used unless ``FetchOptions`` says so. An answer may have 1 MiB.
public struct HTTPKeySetFetcher: KeySetFetching {
  private let remote: Remote

  /// Opens libcurl; throws when it isn't there, or when the URL isn't one to fetch keys from.
  /// - Parameters:
  ///   - url: `https://…`; for this machine (`localhost`, `127.0.0.1`, `[::1]`) also `http://…`.
  ///   - options: how it is fetched.
  public init(url: String, options: FetchOptions = FetchOptions()) throws(VerifierSetupError) {
    remote = try Remote(url, of: "key set", risk: "whoever stands between could replace the keys", options)
  }

  /// Fetches the set; any other answer than 200 with a body, or 304 when that was asked for, is a problem.
  public func fetch(entityTag: String?) async throws(FetchProblem) -> KeySetAnswer {
    var fields = [HTTPField("Accept", "application/jwk-set+json, application/json")]
    if let entityTag { fields.append(HTTPField("If-None-Match", entityTag)) }
    let answer: HTTPAnswer
    do { answer = try await remote.client.get(remote.url, fields: fields) } catch { throw remote.problem(error) }
    let maxAge = CacheControl.remaining(answer.list("cache-control"), age: answer.list("age"))
    switch answer.status {
    case 200:
      let tag = answer.list("etag").flatMap { Self.isEntityTag($0) ? $0 : nil }
      return KeySetAnswer(.document(answer.body), entityTag: tag, maxAge: maxAge)
    case 304 where entityTag != nil: return KeySetAnswer(.notModified, entityTag: entityTag, maxAge: maxAge)
    case 304:
      throw FetchProblem(
        .status(304), "\(remote.url) answers 304 (not modified) although it wasn't asked for changes")
    default: throw remote.problem(status: answer.status)
    }
  }

  /// RFC 9110 8.8.3; a longer one than 256 bytes isn't worth sending back.
  static func isEntityTag(_ text: String) -> Bool {
    let opaque = text.hasPrefix("W/") ? text.dropFirst(2) : text[...]
    guard text.utf8.count <= 256, opaque.utf8.count >= 2, opaque.first == "\"", opaque.last == "\"" else {
      return false
    }
    return opaque.dropFirst().dropLast().utf8.allSatisfy { $0 == 0x21 || (0x23...0x7E).contains($0) }
  }
}
