// The part of the example that a service copies; it stands in the README as well.

import SignetVerifier

struct Orders {
  let verifier: SignetVerifier

  init(issuer: String, options: VerifierOptions = VerifierOptions()) throws {
    verifier = try SignetVerifier(issuer: issuer, audience: "api", options: options)
  }

  /// Answers a request with this `Authorization` field.
  func answer(_ authorization: String?) async -> (status: Int, text: String, challenge: String?) {
    do throws(VerificationError) {
      let token = try await verifier.verify(authorization: authorization)
      try token.require(role: "editor")
      return (200, "the orders of \(token.subject)", nil)
    } catch {
      return (error.status, "\(error)", error.challenge)
    }
  }
}
