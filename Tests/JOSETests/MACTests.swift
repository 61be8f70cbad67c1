// MACs: what only the two who share the key can make and check, and which nothing takes for a signature.

import JOSE
import JSON
import OpenSSL
import Testing

@Suite struct MACTests {
  private let payload = Array(#"{"sub":"they"}"#.utf8)

  private func token(_ key: MACKey) throws -> [UInt8] {
    var output: [UInt8] = []
    try TokenSigner(mac: key, type: "JWT").sign(payload: payload, into: &output)
    return output
  }

  @Test(arguments: MACAlgorithm.allCases) func madeAndChecked(algorithm: MACAlgorithm) throws {
    for kid in [nil, "a"] {
      let key = try MACKey.generate(algorithm, kid: kid)
      let verifier = try MACVerifier(keys: [key])
      let token = try token(key)
      for _ in 0..<3 {
        let verified = try verifier.verify(compact: token, type: "JWT")
        #expect(verified.payload == payload)
        #expect(verified.kid == kid)
        #expect(verified.algorithm == algorithm)
      }
      for index in token.indices {
        var changed = token
        changed[index] ^= 1
        #expect(throws: JOSEError.self) { try verifier.verify(compact: changed, type: "JWT") }
      }
      let other = try MACVerifier(keys: [try MACKey.generate(algorithm, kid: kid)])
      #expect(throws: JOSEError.invalidSignature) { try other.verify(compact: token, type: "JWT") }
      #expect(throws: JOSEError.typeMismatch) { try verifier.verify(compact: token, type: "at+jwt") }
    }
  }

  @Test func publicKeysAreNoSecrets() throws {
    // RFC 8725 2.1: a token MACed with the text of the public key must not pass for one by the private key.
    let key = try SigningKey.generate(.rs256)
    let forged = try token(MACKey(bytes: Array(key.publicJWK.pem.utf8), algorithm: .hs256, kid: key.kid))
    #expect(throws: JOSEError.algorithmMismatch) {
      try TokenVerifier(keys: [key.publicJWK]).verify(compact: forged, type: nil)
    }
    let mac = try MACKey.generate(.hs256, kid: "a")
    #expect(throws: JOSEError.algorithmMismatch) {
      try MACVerifier(keys: [MACKey.generate(.hs512, kid: "a")]).verify(compact: token(mac), type: nil)
    }
  }

  @Test(arguments: MACAlgorithm.allCases) func shortKeysAreRefused(algorithm: MACAlgorithm) throws {
    let short = [UInt8](repeating: 1, count: algorithm.hash.size - 1)
    #expect(throws: JOSEError.weakKey) { try MACKey(bytes: short, algorithm: algorithm, kid: nil) }
    #expect(throws: JOSEError.weakKey) {
      try MACKey(parse(#"{"kty":"oct","k":"\#(Base64URL.encode(short))","alg":"\#(algorithm.rawValue)"}"#))
    }
    let long = [UInt8](repeating: 1, count: 1025)
    #expect(throws: JOSEError.invalidKey) { try MACKey(bytes: long, algorithm: algorithm, kid: nil) }
    #expect(try MACKey(bytes: short + [1], algorithm: algorithm, kid: nil).algorithm == algorithm)
  }

  static let k = String(repeating: "A", count: 43)
  static let refusals: [(String, JOSEError)] = [
    (#"{"kty":"oct","k":"\#(k)"}"#, .unsupportedKey), (#"{"kty":"oct","k":"\#(k)","alg":"none"}"#, .unsupportedKey),
    (#"{"kty":"oct","k":"\#(k)","alg":"RS256"}"#, .unsupportedKey), (#"{"kty":"oct","alg":"HS256"}"#, .invalidKey),
    (#"{"kty":"OKP","k":"\#(k)","alg":"HS256"}"#, .unsupportedKey),
    (#"{"kty":"oct","k":"\#(k)=","alg":"HS256"}"#, .invalidKey),
    (#"{"kty":"oct","k":"\#(k)","alg":"HS256","use":"enc"}"#, .wrongKeyUse),
    (#"{"kty":"oct","k":"\#(k)","alg":"HS256","key_ops":["encrypt"]}"#, .wrongKeyUse),
    (#"{"kty":"oct","k":"\#(k)","alg":"HS256","kid":1}"#, .invalidKey), ("[]", .invalidKey), ("{}", .invalidKey),
  ]

  @Test(arguments: refusals) func refused(text: String, error: JOSEError) {
    #expect(throws: error) { try MACKey(parse(text)) }
  }

  @Test func operationsDecide() throws {
    let verifying = try MACKey(parse(#"{"kty":"oct","k":"\#(Self.k)","alg":"HS256","key_ops":["verify"]}"#))
    #expect(throws: JOSEError.wrongKeyUse) { try TokenSigner(mac: verifying, type: nil) }
    let signing = try MACKey(parse(#"{"kty":"oct","k":"\#(Self.k)","alg":"HS256","key_ops":["sign"]}"#))
    #expect(throws: JOSEError.wrongKeyUse) { try MACVerifier(keys: [signing]) }
    #expect(try MACVerifier(keys: [verifying]).verify(compact: token(signing), type: nil).payload == payload)
  }

  @Test func severalKeysNeedNames() throws {
    let (one, two) = (try MACKey.generate(.hs256, kid: "1"), try MACKey.generate(.hs256, kid: "2"))
    let nameless = try MACKey.generate(.hs256)
    let verifier = try MACVerifier(keys: [one, two])
    #expect(try verifier.verify(compact: token(two), type: nil).kid == "2")
    #expect(throws: JOSEError.missingKeyID) { try verifier.verify(compact: token(nameless), type: nil) }
    #expect(throws: JOSEError.missingKeyID) { try MACVerifier(keys: [one, nameless]) }
    #expect(throws: JOSEError.duplicateKeyID) { try MACVerifier(keys: [one, one]) }
    #expect(throws: JOSEError.unknownKey) { try MACVerifier(keys: [nameless]).verify(compact: token(one), type: nil) }
  }

  @Test func theKeyIsWrittenOnPurposeOnly() throws {
    let key = try MACKey(parse(PublishedKeys.cookbookMAC))
    var dumped = "\(key) \(String(reflecting: key))"
    dump(key, to: &dumped)
    #expect(!dumped.contains("hJtXIZ2uSN5k"))
    var writer = JSONWriter()
    key.writeSecret(into: &writer)
    #expect(try Set(JSONValue.parse(writer.bytes).object?.map(\.name) ?? []) == ["kty", "k", "kid", "alg", "use"])
    #expect(try MACKey(JSONValue.parse(writer.bytes)).thumbprint == key.thumbprint)
  }
}
