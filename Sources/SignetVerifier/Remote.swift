// Something that is fetched over HTTP: where it is, by what it is fetched, and what a failure is called.

import OutgoingHTTP

/// One URL of the issuer's, and the client that asks there.
struct Remote {
  let url: HTTPURL
  let client: HTTPClient

  /// Opens libcurl; throws when it isn't there, or when the URL isn't one to fetch this from.
  /// - Parameters:
  ///   - url: `https://…`; for this machine (`localhost`, `127.0.0.1`, `[::1]`) also `http://…`.
  ///   - what: what is there.
  ///   - risk: what somebody on its way could do where it isn't protected.
  init(
    _ url: String, of what: String, risk: String, _ options: FetchOptions
  ) throws(VerifierSetupError) {
    do { self.url = try HTTPURL(url) } catch {
      // The text itself may hold what the problem is about: a password.
      throw VerifierSetupError("the URL of the \(what) \(error)")
    }
    guard self.url.isSecure || self.url.isLoopback || options.allowsPlainHTTP else {
      throw VerifierSetupError(
        "the URL of the \(what) begins with http://, so \(risk); "
          + "use https://, or set fetching.allowsPlainHTTP where the network is trusted")
    }
    do { client = try HTTPClient(HTTPOptions(options)) } catch {
      throw VerifierSetupError("the \(what) can't be fetched: \(error)")
    }
  }

  /// The URL of a path below the issuer's.
  static func url(_ path: String, below issuer: String) throws(VerifierSetupError) -> String {
    guard !issuer.utf8.contains(UInt8(ascii: "?")) else {
      throw VerifierSetupError("the issuer has a query; name the URLs of its key set and its feed")
    }
    return (issuer.hasSuffix("/") ? issuer.dropLast() : issuer[...]) + path
  }

  /// What a status is called that isn't the one hoped for.
  func problem(status: Int) -> FetchProblem {
    guard (300..<400).contains(status) else {
      return FetchProblem(.status(status), "\(url) answers with status \(status)")
    }
    return FetchProblem(.status(status), "\(url) redirects (\(status)), which is not followed; name the URL itself")
  }

  /// What a request without an answer is called.
  func problem(_ failure: HTTPFailure) -> FetchProblem {
    let cause: FetchProblem.Cause =
      switch failure.cause {
      case .library: .libraryMissing
      case .unknownHost, .unreachable: .unreachable
      case .timedOut: .timedOut
      case .untrusted, .tls: .untrusted
      case .badAnswer: .badAnswer
      case .tooLarge: .tooLarge
      case .cancelled: .cancelled
      case .failed: .other
      }
    return FetchProblem(cause, "\(url) can't be fetched: \(failure)")
  }
}

extension HTTPOptions {
  /// As a service wants things fetched.
  fileprivate init(_ options: FetchOptions) {
    self.init(userAgent: "SignetVerifier/\(SignetVerifier.version)")
    timeout = Int(options.timeout.milliseconds)
    connectTimeout = timeout / 2
    usesEnvironmentProxies = options.usesEnvironmentProxies
    if let file = options.authorityFile { trust = .authorities(file: file) }
  }
}
