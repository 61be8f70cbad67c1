// Tokens made and verified, and each way in which one can be wrong.

import JOSE
import JSON
import OpenSSL
import Testing

@Suite struct TokenTests {
  let payload = Array(#"{"iss":"https://id.example","sub":"248289761001","exp":1300819380}"#.utf8)

  private func token(_ key: SigningKey) throws -> [UInt8] {
    var output: [UInt8] = []
    try TokenSigner(key: key, type: "at+jwt").sign(payload: payload, into: &output)
    return output
  }

  @Test(arguments: SignatureAlgorithm.available) func signedAndVerified(algorithm: SignatureAlgorithm) throws {
    let key = try SigningKey.generate(algorithm)
    let signer = try TokenSigner(key: key, type: "at+jwt")
    let verifier = try TokenVerifier(keys: [key.publicJWK])
    for round in 0..<20 {
      var output = Array("before".utf8)
      let payload = [UInt8](repeating: 0x41, count: round)
      try signer.sign(payload: payload, into: &output)
      #expect(text(Array(output[..<6])) == "before")
      let verified = try verifier.verify(compact: Array(output[6...]), type: "at+jwt")
      #expect(verified.payload == payload)
      #expect(verified.kid == key.kid)
      #expect(verified.algorithm == algorithm)
    }
    let inspected = try UnverifiedToken(compact: token(key))
    #expect(
      inspected.header
        == .object([
          JSONMember("alg", .string(algorithm.rawValue)), JSONMember("typ", .string("at+jwt")),
          JSONMember("kid", .string(key.kid)),
        ]))
    #expect(inspected.payload == payload)
    #expect(inspected.claims?["sub"]?.string == "248289761001")
  }

  @Test(arguments: SignatureAlgorithm.available) func everyByteCounts(algorithm: SignatureAlgorithm) throws {
    let key = try SigningKey.generate(algorithm)
    let verifier = try TokenVerifier(keys: [key.publicJWK])
    let token = try token(key)
    // Every byte, or every few of ML-DSA's many.
    for index in stride(from: 0, to: token.count, by: max(1, token.count / 600)) {
      for change in [1, 2, 0x20, 0x80] as [UInt8] {
        var changed = token
        changed[index] ^= change
        #expect(throws: JOSEError.self) { try verifier.verify(compact: changed, type: "at+jwt") }
      }
      var shorter = token
      shorter.remove(at: index)
      #expect(throws: JOSEError.self) { try verifier.verify(compact: shorter, type: "at+jwt") }
    }
    for extra in ["=", "A", ".", " ", "\0", ".A"] {
      #expect(throws: JOSEError.self) { try verifier.verify(compact: token + Array(extra.utf8), type: "at+jwt") }
    }
  }

  @Test func headersThatChooseTheirKeyAreRefused() throws {
    let key = try SigningKey.generate(.eddsa)
    let verifier = try TokenVerifier(keys: [key.publicJWK])
    let kid = #""kid":"\#(key.kid)""#
    let cases: [(String, JOSEError?)] = [
      (#"{"alg":"EdDSA","typ":"at+jwt",\#(kid)}"#, nil), (#"{"alg":"EdDSA","typ":"Application/AT+JWT",\#(kid)}"#, nil),
      (#"{"alg":"EdDSA","typ":"at+jwt",\#(kid),"unknown":[1]}"#, nil),
      (#"{"alg":"none","typ":"at+jwt",\#(kid)}"#, .algorithmMismatch),
      (#"{"alg":"ES256","typ":"at+jwt",\#(kid)}"#, .algorithmMismatch),
      (#"{"alg":"eddsa","typ":"at+jwt",\#(kid)}"#, .algorithmMismatch),
      (#"{"alg":1,"typ":"at+jwt",\#(kid)}"#, .invalidHeader), (#"{"typ":"at+jwt",\#(kid)}"#, .missingAlgorithm),
      (#"{"alg":"EdDSA","typ":"at+jwt"}"#, nil), (#"{"alg":"Ed25519","typ":"at+jwt",\#(kid)}"#, nil),
      (#"{"alg":"EdDSA","typ":"at+jwt","kid":1}"#, .invalidHeader),
      (#"{"alg":"EdDSA","typ":"at+jwt","kid":"other"}"#, .unknownKey),
      (#"{"alg":"EdDSA",\#(kid)}"#, .typeMismatch), (#"{"alg":"EdDSA","typ":"JWT",\#(kid)}"#, .typeMismatch),
      (#"{"alg":"EdDSA","typ":"x/at+jwt",\#(kid)}"#, .typeMismatch),
      (#"{"alg":"EdDSA","typ":1,\#(kid)}"#, .invalidHeader),
      (#"{"alg":"EdDSA","alg":"EdDSA","typ":"at+jwt",\#(kid)}"#, .invalidHeader),
      (#"{"alg":"EdDSA","\u0061lg":"none","typ":"at+jwt",\#(kid)}"#, .invalidHeader),
      (#"{"alg":"EdDSA","typ":"at+jwt",\#(kid),"crit":["exp"]}"#, .criticalHeader),
      (#"{"alg":"EdDSA","typ":"at+jwt",\#(kid),"b64":false}"#, .criticalHeader),
      (#"{"alg":"EdDSA","typ":"at+jwt",\#(kid),"jwk":{}}"#, .keyInHeader),
      (#"{"alg":"EdDSA","typ":"at+jwt",\#(kid),"jku":"https://a.example"}"#, .keyInHeader),
      (#"{"alg":"EdDSA","typ":"at+jwt",\#(kid),"x5u":""}"#, .keyInHeader),
      (#"{"alg":"EdDSA","typ":"at+jwt",\#(kid),"x5c":[]}"#, .keyInHeader),
      (#"["alg"]"#, .invalidHeader), ("", .invalidHeader), (#"{"alg":"EdDSA"} x"#, .invalidHeader),
    ]
    for (header, expected) in cases {
      let token = try sign(header: header, with: key)
      if let expected {
        #expect(throws: expected, "\(header)") { try verifier.verify(compact: token, type: "at+jwt") }
      } else {
        #expect(try verifier.verify(compact: token, type: "at+jwt").payload == payload, "\(header)")
      }
    }
  }

  /// A well-signed token under any header.
  private func sign(header: String, with key: SigningKey) throws -> [UInt8] {
    var token: [UInt8] = []
    Base64URL.encode(Array(header.utf8), into: &token)
    token.append(UInt8(ascii: "."))
    Base64URL.encode(payload, into: &token)
    let signer = try Signer(key: try PrivateKey(pkcs8: try key.pkcs8), scheme: key.algorithm.scheme)
    var signature = [UInt8](repeating: 0, count: signer.signatureSize)
    try token.withUnsafeBytes { token in try signature.withUnsafeMutableBytes { try signer.sign(token, into: $0) } }
    token.append(UInt8(ascii: "."))
    Base64URL.encode(signature, into: &token)
    return token
  }

  @Test func sizeIsBounded() throws {
    let key = try SigningKey.generate(.eddsa)
    let verifier = try TokenVerifier(keys: [key.publicJWK])
    var token: [UInt8] = []
    try TokenSigner(key: key, type: "JWT").sign(payload: [UInt8](repeating: 1, count: 16 << 10), into: &token)
    #expect(throws: JOSEError.tooLarge) { try verifier.verify(compact: token, type: "JWT") }
    #expect(
      try TokenVerifier(keys: [key.publicJWK], size: 32 << 10).verify(compact: token, type: "JWT").payload.count == 16
        << 10)
    #expect(throws: JOSEError.tooLarge) { try UnverifiedToken(compact: token) }
    for token in ["", ".", "..", "a.b", "a.b.c.d"] {
      #expect(throws: JOSEError.self) { try verifier.verify(compact: Array(token.utf8), type: nil) }
    }
  }

  @Test func aTokenNamesItsKey() throws {
    let (one, two) = (try SigningKey.generate(.eddsa), try SigningKey.generate(.es256))
    let verifier = try TokenVerifier(keys: [one.publicJWK, two.publicJWK])
    for key in [one, two, one] {
      #expect(try verifier.verify(compact: token(key), type: "at+jwt").kid == key.kid)
      // A header that was good a moment ago excuses nothing.
      var other = try token(key)
      other[other.count - 10] ^= 1
      #expect(throws: JOSEError.self) { try verifier.verify(compact: other, type: "at+jwt") }
      #expect(throws: JOSEError.typeMismatch) { try verifier.verify(compact: token(key), type: "JWT") }
    }
    let nameless = try sign(header: #"{"alg":"EdDSA"}"#, with: one)
    #expect(throws: JOSEError.missingKeyID) { try verifier.verify(compact: nameless, type: nil) }
    #expect(throws: JOSEError.missingKeyID) { try TokenVerifier(keys: []).verify(compact: nameless, type: nil) }
    #expect(try TokenVerifier(keys: [one.publicJWK]).verify(compact: nameless, type: nil).kid == one.kid)
    #expect(throws: JOSEError.unknownKey) {
      try TokenVerifier(keys: [two.publicJWK]).verify(compact: token(one), type: nil)
    }
    // "é" in two ways is two names.
    let composed = try PublicJWK(parse(#"{"kid":"\u00e9",\#(JWKTests.ec)}"#))
    let decomposed = try sign(header: #"{"alg":"ES256","kid":"e\u0301"}"#, with: two)
    #expect(throws: JOSEError.unknownKey) {
      try TokenVerifier(keys: [composed]).verify(compact: decomposed, type: nil)
    }
  }

  @Test func aKidMeansOneKey() throws {
    let key = try SigningKey.generate(.eddsa)
    #expect(throws: JOSEError.duplicateKeyID) { try TokenVerifier(keys: [key.publicJWK, key.publicJWK]) }
  }
}
