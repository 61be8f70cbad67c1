// Input made to hurt: large, deep, crooked, or clever about signatures. Each is refused for
// the first and cheapest reason, so that none is read to its end.

import JOSE
import JSON
import OpenSSL
import Testing

@Suite struct HostileTests {
  private let key: SigningKey
  private let verifier: TokenVerifier

  init() throws {
    key = try SigningKey(parse(PublishedKeys.p256))
    verifier = try TokenVerifier(keys: [key.publicJWK])
  }

  private func compact(_ header: String, _ payload: String = "{}", _ signature: [UInt8] = [1]) -> [UInt8] {
    let parts = [Array(header.utf8), Array(payload.utf8), signature].map { Base64URL.encode($0) }
    return Array(parts.joined(separator: ".").utf8)
  }

  @Test func sizesAreBoundedBeforeAnythingIsRead() {
    let large = [UInt8](repeating: UInt8(ascii: "A"), count: 10 << 20)
    let tokens = [large + Array(".e30.AQ".utf8), Array("e30.".utf8) + large + Array(".AQ".utf8), large]
    for token in tokens {
      #expect(throws: JOSEError.tooLarge) { try verifier.verify(compact: token, type: nil) }
    }
    let dots = [UInt8](repeating: UInt8(ascii: "."), count: 16 << 10)
    #expect(throws: JOSEError.malformed) { try verifier.verify(compact: dots, type: nil) }
  }

  @Test func depthIsBounded() {
    let deep = String(repeating: "[", count: 5000) + String(repeating: "]", count: 5000)
    #expect(throws: JOSEError.invalidHeader) {
      try verifier.verify(compact: compact(#"{"alg":"ES256","x":\#(deep)}"#), type: nil)
    }
  }

  @Test func numbersOfKeysAreBounded() throws {
    let huge = String(repeating: "_", count: 700_000)
    #expect(throws: JOSEError.weakKey) { try PublicJWK(parse(#"{"kty":"RSA","n":"\#(huge)","e":"AQAB"}"#)) }
    #expect(throws: JOSEError.weakKey) {
      try PublicJWK(parse(#"{"kty":"RSA","n":"\#(String(repeating: "_", count: 400))","e":"\#(huge)"}"#))
    }
    let private_ = try #require(parse(PublishedKeys.rsa).object).filter { $0.name != "d" }
    #expect(throws: JOSEError.invalidKey) { try SigningKey(.object(private_ + [JSONMember("d", .string(huge))])) }
    #expect(throws: JOSEError.invalidKey) { try PublicJWK(parse(#"{"kty":"OKP","crv":"Ed25519","x":"\#(huge)"}"#)) }
    #expect(throws: JOSEError.invalidKey) { try MACKey(parse(#"{"kty":"oct","alg":"HS256","k":"\#(huge)"}"#)) }
  }

  /// The order of P-256 (SEC 2 2.4.2).
  private static let order: [UInt8] =
    [0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0] + [UInt8](repeating: 0xFF, count: 8)
    + [0xBC, 0xE6, 0xFA, 0xAD, 0xA7, 0x17, 0x9E, 0x84, 0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25, 0x51]

  @Test func signaturesOutsideOfTheirRange() throws {
    let zero = [UInt8](repeating: 0, count: 32)
    let one = [UInt8](repeating: 0, count: 31) + [1]
    let numbers: [(r: [UInt8], s: [UInt8])] = [
      (zero, zero), (zero, one), (one, zero), (Self.order, Self.order), (Self.order, one), (one, Self.order),
      ([UInt8](repeating: 0xFF, count: 32), [UInt8](repeating: 0xFF, count: 32)), ([], []), ([], one), (one, one + [0]),
      (one, [UInt8](repeating: 1, count: 4096)),
    ]
    for signature in numbers.map({ $0.r + $0.s }) {
      #expect(throws: JOSEError.invalidSignature) {
        try verifier.verify(compact: compact(#"{"alg":"ES256"}"#, "{}", signature), type: nil)
      }
    }
  }

  @Test func anotherTextOfTheSameBytesIsRefused() throws {
    // The last character of 64 bytes has four bits that count; with one of the others set it decodes to the same bytes.
    let token = PublishedTokens.es256
    let sibling = String(token.dropLast()) + "R"
    #expect(token.last == "Q")
    #expect(throws: JOSEError.invalidBase64URL) { try verifier.verify(compact: Array(sibling.utf8), type: nil) }
    for changed in [token + "=", token + "==", " " + token, token + "\n", token.replacing("-", with: "+")] {
      #expect(throws: JOSEError.self) { try verifier.verify(compact: Array(changed.utf8), type: nil) }
    }
  }

  @Test func derIsNoSignatureOfJOSE() throws {
    // The same r and s as OpenSSL writes them.
    let signature = try UnverifiedToken(compact: Array(PublishedTokens.es256.utf8)).signature
    var integers: [UInt8] = []
    for half in [Array(signature[..<32]), Array(signature[32...])] {
      let padding: [UInt8] = half[0] > 0x7F ? [0] : []
      integers += [2, UInt8(32 + padding.count)] + padding + half
    }
    let end = try #require(PublishedTokens.es256.lastIndex(of: "."))
    let token = PublishedTokens.es256[...end] + Base64URL.encode([0x30, UInt8(integers.count)] + integers)
    #expect(throws: JOSEError.invalidSignature) { try verifier.verify(compact: Array(token.utf8), type: nil) }
  }

  @Test func stolenParts() throws {
    // A good signature under other headers and payloads.
    let parts = PublishedTokens.es256.split(separator: ".").map(String.init)
    let other = Base64URL.encode(Array(#"{"alg":"ES256","typ":"at+jwt"}"#.utf8))
    for token in [
      "\(other).\(parts[1]).\(parts[2])", "\(parts[0]).e30.\(parts[2])", "\(parts[0])..\(parts[2])",
      "\(parts[0]).\(parts[1]).", ".\(parts[1]).\(parts[2])", "\(parts[0]).\(parts[1])",
    ] {
      #expect(throws: JOSEError.self, "\(token)") { try verifier.verify(compact: Array(token.utf8), type: nil) }
    }
    #expect(try verifier.verify(compact: Array(PublishedTokens.es256.utf8), type: nil).algorithm == .es256)
  }

  @Test(.enabled(if: run("openssl version").succeeded, "no openssl command"), arguments: ["0", "20", "max"])
  func saltsOfAnotherSize(salt: String) throws {
    // RFC 7518 3.5: as long as the hash. A signature with another salt is good PSS, and no PS256.
    let key = try SigningKey.generate(.ps256)
    let verifier = try TokenVerifier(keys: [key.publicJWK])
    let pem = try key.encryptedPEM(passphrase: [0x61])
    for (size, isGood) in [("digest", true), (salt, false)] {
      try withFolder { folder in
        let input = Base64URL.encode(Array(#"{"alg":"PS256"}"#.utf8)) + ".e30"
        writeFile(folder + "/key.pem", Array(pem.utf8))
        writeFile(folder + "/input", Array(input.utf8))
        let options = "-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:\(size)"
        let made = run("cd \(folder) && openssl dgst -sha256 -sign key.pem -passin pass:a \(options) -out out input")
        #expect(made.succeeded, "\(made.output)")
        let token = input + "." + Base64URL.encode(try #require(readFile(folder + "/out")))
        if isGood {
          #expect(try verifier.verify(compact: Array(token.utf8), type: nil).algorithm == .ps256)
        } else {
          #expect(throws: JOSEError.invalidSignature) { try verifier.verify(compact: Array(token.utf8), type: nil) }
        }
      }
    }
  }
}
