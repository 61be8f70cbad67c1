// What a verifier refuses to be made of, and what its errors tell a client.

import SignetVerifier
import Testing

@Suite struct SetupTests {
  private func problem(
    issuer: String = "https://login.example.com", audience: String = "api", _ keys: KeySource = .issuer,
    _ change: (inout VerifierOptions) -> Void = { _ in }
  ) -> String? {
    var options = VerifierOptions()
    change(&options)
    do throws(VerifierSetupError) {
      _ = try SignetVerifier(issuer: issuer, audience: audience, keys: keys, options: options)
      return nil
    } catch {
      return error.description
    }
  }

  @Test func goodOnesAreTaken() {
    for issuer in [
      "https://login.example.com", "https://login.example.com/", "https://a/b", "http://127.0.0.1:8080",
      "http://localhost", "http://[::1]:1",
    ] {
      #expect(problem(issuer: issuer) == nil)
    }
    #expect(problem(issuer: "any text", .url("https://keys.example/x?y=z")) == nil)
    #expect(problem(issuer: "http://signet:8080") { $0.fetching.allowsPlainHTTP = true } == nil)
  }

  @Test func badOnesAreNamed() {
    let cases: [(String?, String)] = [
      (problem(issuer: ""), "the issuer is empty"), (problem(audience: ""), "the audience is empty"),
      (problem(issuer: "login.example.com"), "neither https:// nor http://"),
      (problem(issuer: "http://login.example.com"), "could replace the keys"),
      (problem(issuer: "http://127.0.0.1.example.com"), "could replace the keys"),
      (problem(issuer: "https://a?b"), "has a query"), (problem(.url("ftp://a/b")), "neither https:// nor http://"),
      (problem(.url("https://ada:secret@a/b")), "user name or password"),
      (problem(.document([])), "not a good JWK Set"),
      (problem(.document(Array(#"{"keys":[]}"#.utf8))), "no signature key"),
      (problem { $0.leeway = .seconds(301) }, "leeway must be between 0 and 300"),
      (problem { $0.leeway = .seconds(-1) }, "leeway must be between"),
      (problem { $0.staleFor = .seconds(2_592_001) }, "staleFor must be between"),
      (problem { $0.fetching.timeout = .milliseconds(999) }, "fetching.timeout must be between 1 and 60"),
      (problem { $0.largestToken = 1000 }, "largestToken must be between"),
      (problem { $0.largestToken = 1 << 21 }, "largestToken must be between"),
      (problem { $0.rolesClaim = "" }, "rolesClaim is empty"),
      (problem { $0.decryptionKeys = Array("secret".utf8) }, "no good private JWK"),
      (problem { $0.decryptionKeys = Array(#"{"keys":[]}"#.utf8) }, "no good private JWK"),
    ]
    for (found, expected) in cases { #expect(found?.contains(expected) == true, "\(found ?? "nothing"): \(expected)") }
    #expect(problem(.url("https://ada:secret@a/b"))?.contains("secret") == false)
  }

  @Test func errorsSayWhatToAnswer() {
    let down = FetchProblem(.unreachable, "https://a can't be fetched: nothing answers there")
    let cases: [(VerificationError, Int, String?)] = [
      (.missingToken, 401, "Bearer"),
      (.expired, 401, #"Bearer error="invalid_token", error_description="the token has expired""#),
      (
        .invalidClaim("a\"\\\n"), 401,
        #"Bearer error="invalid_token", error_description="the token's claim a??? has the wrong form""#
      ),
      (.missingScope("a:b"), 403, #"Bearer error="insufficient_scope", scope="a:b""#),
      (.missingScope("a\"b"), 403, #"Bearer error="insufficient_scope""#),
      (.missingScope("a\r\nb"), 403, #"Bearer error="insufficient_scope""#),
      (.missingRole("r\n"), 403, #"Bearer error="insufficient_scope""#),
      (.keysUnavailable(down), 503, nil), (.cancelled, 503, nil), (.cryptographyFailed, 503, nil),
    ]
    for (error, status, challenge) in cases {
      #expect(error.status == status)
      #expect(error.challenge == challenge)
      #expect(!error.description.isEmpty)
    }
    #expect("\(VerificationError.keysUnavailable(down))".hasSuffix("nothing answers there"))
  }
}
