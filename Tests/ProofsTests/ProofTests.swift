// What is checked of a proof, each cause by a proof that is wrong in that alone.

import JOSE
import JSON
import OpenSSL
import Proofs
import Testing

@Suite struct ProofTests {
  private let maker: ProofMaker
  private let side: Side

  init() throws { (maker, side) = (try ProofMaker(), try Side()) }

  @Test(arguments: ProofChecker.algorithms) func good(algorithm: SignatureAlgorithm) throws {
    let maker = try ProofMaker(algorithm)
    for _ in 0..<3 {
      let proven = try side.checker.check(
        maker.proof(), ProofRequest(method: "POST", uri: uri, boundTo: maker.thumbprint, now: now))
      #expect(proven.thumbprint == maker.thumbprint)
      #expect(proven.nextNonce == nil)
    }
  }

  static let claims: [([String: String?], ProofRefusal?)] = [
    ([:], nil), (["iat": "1700000099.5"], nil), (["iat": "1700000040"], nil), (["extra": "[1]"], nil),
    (["exp": "1"], nil), (["nbf": "9999999999"], nil),
    (["htm": #""GET""#], .method), (["htm": #""post""#], .method), (["htm": #""""#], .claim("htm")),
    (["htm": nil], .claim("htm")), (["htm": "1"], .claim("htm")),
    (["htu": nil], .claim("htu")), (["htu": "null"], .claim("htu")),
    (["htu": #""https://login.example.com/v1/login""#], .uri), (["htu": #""https://evil.example/v1/refresh""#], .uri),
    (["htu": #""http://login.example.com/v1/refresh""#], .uri), (["htu": #""/v1/refresh""#], .uri),
    (["htu": #""https://login.example.com:8443/v1/refresh""#], .uri),
    (["htu": #""https://a@login.example.com/v1/refresh""#], .uri),
    (["htu": #""https://login.example.com/v1/refresh/""#], .uri),
    (["htu": #""HTTPS://LOGIN.example.com:443/v1/./x/../refr%65sh?a=b#c""#], nil),
    (["iat": nil], .claim("iat")), (["iat": #""1700000100""#], .claim("iat")), (["iat": "-1"], .claim("iat")),
    (["iat": "1e300"], .claim("iat")), (["iat": "1700000039"], .tooOld), (["iat": "1700000116"], .fromTheFuture),
    (["iat": "1700003700"], .fromTheFuture), (["iat": "1700000115"], .needsNonce), (["iat": "1700000101"], .needsNonce),
    (["jti": nil], .claim("jti")), (["jti": #""""#], .claim("jti")), (["jti": "7"], .claim("jti")),
    (["nonce": "7"], .claim("nonce")), (["nonce": #""guessed""#], .needsNonce),
    (["nonce": #""AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA""#], .needsNonce), (["ath": "7"], .claim("ath")),
  ]

  @Test(arguments: claims) func check(changes: [String: String?], expected: ProofRefusal?) throws {
    #expect(side.refusal(try maker.proof(changes)) == expected)
  }

  @Test func longClaims() throws {
    let long = "\"" + String(repeating: "a", count: 257) + "\""
    for name in ["jti", "nonce", "ath", "htm"] {
      #expect(side.refusal(try maker.proof([name: long])) == .claim(name))
    }
    #expect(
      side.refusal(try maker.proof(["extra": "\"" + String(repeating: "a", count: 8192) + "\""]))
        == .malformed(.tooLarge))
  }

  @Test func headers() throws {
    let symmetric = #"{"kty":"oct","k":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}"#
    let withPrivate = maker.jwk.dropLast() + #","d":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE"}"#
    let cases: [([String: String?], JOSEError)] = [
      (["typ": #""JWT""#], .typeMismatch), (["typ": #""at+jwt""#], .typeMismatch), (["typ": nil], .typeMismatch),
      (["typ": "1"], .invalidHeader), (["alg": #""none""#], .algorithmMismatch),
      (["alg": #""HS256""#], .algorithmMismatch),
      (["alg": #""ES384""#], .algorithmMismatch), (["alg": #""EdDSA""#], .algorithmMismatch),
      (["alg": nil], .missingAlgorithm), (["alg": "1"], .invalidHeader), (["jwk": nil], .invalidHeader),
      (["jwk": #""x""#], .invalidHeader), (["jwk": "[]"], .invalidHeader), (["jwk": "{}"], .invalidKey),
      (["jwk": String(withPrivate)], .privateKeyInHeader), (["jwk": symmetric], .privateKeyInHeader),
      (["jwk": #"{"kty":"oct"}"#], .unsupportedKey),
      (["alg": #""HS256""#, "jwk": symmetric], .algorithmMismatch),
      (["crit": #"["exp"]"#], .criticalHeader), (["b64": "false"], .criticalHeader),
      (["jku": #""https://evil.example""#], .keyInHeader), (["x5u": #""""#], .keyInHeader),
      (["x5c": "[]"], .keyInHeader),
      (["jwk": maker.jwk.replacing(#""use":"sig""#, with: #""use":"enc""#)], .wrongKeyUse),
      (["jwk": maker.jwk.replacing(#""alg":"ES256""#, with: #""alg":"RS256""#)], .algorithmMismatch),
    ]
    for (header, expected) in cases {
      #expect(side.refusal(try maker.proof(header: header)) == .malformed(expected), "\(header)")
    }
    #expect(side.refusal(try maker.proof(header: ["typ": #""application/DPoP+JWT""#, "kid": "7"])) == nil)
  }

  @Test func signatures() throws {
    let other = try ProofMaker()
    #expect(side.refusal(try maker.proof(header: ["jwk": other.jwk])) == .malformed(.invalidSignature))
    let proof = try maker.proof()
    let parts = proof.split(separator: ".").map(String.init)
    for bad in [
      "\(parts[0]).\(parts[1]).", "\(parts[0]).\(parts[1]).\(Base64URL.encode([UInt8](repeating: 0, count: 64)))",
      "\(parts[0]).\(parts[1]).\(try maker.proof().split(separator: ".")[2])",
    ] { #expect(side.refusal(bad) == .malformed(.invalidSignature)) }
    for bad in ["", ".", "..", "a.b", "\(proof).", "\(proof).a.b", "\(proof)=", " \(proof)", "\(proof),\(proof)"] {
      #expect(side.refusal(bad) != nil, "\(bad)")
    }
    // None of these used up the good one.
    #expect(side.refusal(proof) == nil)
  }

  @Test func accessTokens() throws {
    let token = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"
    let hash = #""fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo""#
    #expect(side.refusal(try maker.proof(["ath": hash]), token: token) == nil)
    #expect(side.refusal(try maker.proof(), token: token) == .accessToken)
    #expect(side.refusal(try maker.proof(["ath": hash]), token: token + "x") == .accessToken)
    #expect(side.refusal(try maker.proof(["ath": #""""#]), token: token) == .claim("ath"))
    #expect(side.refusal(try maker.proof(["ath": hash]), token: token, boundTo: maker.thumbprint) == nil)
    #expect(
      side.refusal(try maker.proof(["ath": hash]), token: token, boundTo: try ProofMaker().thumbprint) == .otherKey)
  }

  /// A stranger chooses the key that we verify by, so it must not be one that takes long.
  @Test func sizesOfKeys() throws {
    func refusal(bits: Int, exponent: [UInt8]) throws -> ProofRefusal? {
      // Odd, and of exactly so many bits.
      let top = UInt8(truncatingIfNeeded: 0xFF >> ((8 - bits % 8) % 8))
      let n = Base64URL.encode([top] + [UInt8](repeating: 0xFF, count: (bits + 7) / 8 - 1))
      let jwk = #"{"kty":"RSA","n":"\#(n)","e":"\#(Base64URL.encode(exponent))"}"#
      return side.refusal(try maker.proof(header: ["alg": #""PS256""#, "jwk": jwk]))
    }
    // These are taken, and the signature isn't by them.
    for (bits, exponent) in [(2048, [1, 0, 1]), (4096, [1, 0, 1]), (2048, [0xFF, 0xFF, 0xFF, 0xFF])] {
      #expect(try refusal(bits: bits, exponent: exponent.map { UInt8($0) }) == .malformed(.invalidSignature))
    }
    for bits in [1024, 2047] { #expect(try refusal(bits: bits, exponent: [1, 0, 1]) == .malformed(.weakKey)) }
    for bits in [4097, 8192, 16_384] {
      #expect(try refusal(bits: bits, exponent: [1, 0, 1]) == .malformed(.costlyKey))
    }
    #expect(try refusal(bits: 2048, exponent: [1, 0, 0, 0, 1]) == .malformed(.costlyKey))
    for exponent: [UInt8] in [[1], [3], [0xFF, 0xFF]] {
      #expect(try refusal(bits: 2048, exponent: exponent) == .malformed(.weakKey))
    }
    for exponent: [UInt8] in [[], [0], [2], [1, 0, 0], [0, 1, 0, 1]] {
      #expect(try refusal(bits: 2048, exponent: exponent) == .malformed(.invalidKey))
    }
    let largest = ProofMaker(try SigningKey(PrivateKey.generate(.rsa(bits: 4096)), algorithm: .rs256))
    #expect(side.refusal(try largest.proof()) == nil)
  }

  @Test func weakKeys() throws {
    // A signature by the point of order 1 is one that anybody can make.
    let weak = #"{"kty":"OKP","crv":"Ed25519","x":"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}"#
    #expect(side.refusal(try maker.proof(header: ["alg": #""EdDSA""#, "jwk": weak])) == .malformed(.weakKey))
    let off =
      #"{"kty":"EC","crv":"P-256","x":"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","y":"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}"#
    #expect(side.refusal(try maker.proof(header: ["jwk": off])) == .malformed(.invalidKey))
  }
}
