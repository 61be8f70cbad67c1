// Claims: who, for whom, when; each at its boundary.

import JOSE
import Testing

@Suite struct ClaimsTests {
  static let cases: [(String, JOSEError?)] = [
    (#"{"iss":"i","aud":"a","exp":1001}"#, nil), (#"{"iss":"i","aud":["b","a"],"exp":971,"nbf":1030,"iat":1030}"#, nil),
    (#"{"iss":"i","aud":"a","exp":1000.5}"#, nil),
    (#"{"iss":"i","aud":"a","exp":970}"#, .expired), (#"{"iss":"i","aud":"a","exp":970.5}"#, nil),
    (#"{"iss":"i","aud":"a","exp":-1}"#, .expired),
    (#"{"iss":"i","aud":"a"}"#, .missingClaim), (#"{"iss":"i","exp":2000}"#, .missingClaim),
    (#"{"aud":"a","exp":2000}"#, .missingClaim), (#"{"iss":"I","aud":"a","exp":2000}"#, .issuerMismatch),
    (#"{"iss":"i","aud":"b","exp":2000}"#, .audienceMismatch), (#"{"iss":"i","aud":[],"exp":2000}"#, .audienceMismatch),
    (#"{"iss":"i","aud":["a",1],"exp":2000}"#, .invalidClaim), (#"{"iss":1,"aud":"a","exp":2000}"#, .invalidClaim),
    (#"{"iss":"i","aud":1,"exp":2000}"#, .invalidClaim), (#"{"iss":"i","aud":"a","exp":"2000"}"#, .invalidClaim),
    (#"{"iss":"i","aud":"a","exp":null}"#, .invalidClaim),
    (#"{"iss":"i","aud":"a","exp":2000,"nbf":1031}"#, .notYetValid),
    (#"{"iss":"i","aud":"a","exp":2000,"iat":1031}"#, .issuedInFuture),
    (#"{"iss":"i","aud":"a","exp":2000,"iat":"1"}"#, .invalidClaim), ("[]", .invalidPayload),
  ]

  @Test(arguments: cases) func check(payload: String, error: JOSEError?) throws {
    let payload = try parse(payload)
    if let error {
      #expect(throws: error) { try Claims.check(payload: payload, issuer: "i", audience: "a", now: 1000) }
    } else {
      try Claims.check(payload: payload, issuer: "i", audience: "a", now: 1000)
    }
  }

  @Test func leewayIsTheCallers() throws {
    let payload = try parse(#"{"iss":"i","aud":"a","exp":1000}"#)
    #expect(throws: JOSEError.expired) {
      try Claims.check(payload: payload, issuer: "i", audience: "a", now: 1000, leeway: 0)
    }
    try Claims.check(payload: payload, issuer: "i", audience: "a", now: 999, leeway: 0)
  }
}
