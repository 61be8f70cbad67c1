// How long a logout takes to be refused in another process that subscribes to the feed: from before the request for the
// logout is sent, until a token of the session is refused there.

import Counting
import Foundation
import SignetVerifier

extension Case {
  static let feed = Case(name: "feed", about: "a logout, until SignetVerifier elsewhere refuses the token") { _ in
    let server = try SignetServer(settings: SignetServer.cheapHashing)
    try server.addUser()
    let service = try server.addService()
    var options = VerifierOptions()
    options.revocations = RevocationFeed(clientID: service.id, clientSecret: service.secret, whenSilent: .failClosed)
    let verifier = try SignetVerifier(issuer: server.url, audience: "api", options: options)
    try await verifier.prepare()
    var times: [Double] = []
    for tokens in try server.logIn(500) {
      _ = try await verifier.verify(tokens.access)
      let start = ContinuousClock.now
      _ = try HTTPConnection.send(server.port, "/v1/logout", json: #"{"refresh_token":"\#(tokens.refresh)"}"#)
      try await verifier.waitUntilRevoked(tokens.access)
      times.append((ContinuousClock.now - start) / .milliseconds(1))
    }
    times.sort()
    return [
      Figure(name: "logout to refusal by the feed, p50", value: times[times.count / 2], unit: "ms"),
      Figure(
        name: "logout to refusal by the feed, p99", value: times[times.count * 99 / 100], unit: "ms",
        target: .atMost(100)),
    ]
  }
}

extension SignetVerifier {
  /// Asks again and again, as requests would.
  fileprivate func waitUntilRevoked(_ token: String) async throws {
    let deadline = ContinuousClock.now + .seconds(10)
    while ContinuousClock.now < deadline {
      do throws(VerificationError) { _ = try await verify(token) } catch {
        guard error == .revoked else { throw error }
        return
      }
      await Task.yield()
    }
    throw Failure("the logout was never heard of")
  }
}
