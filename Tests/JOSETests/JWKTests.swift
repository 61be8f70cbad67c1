// JWKs: thumbprints that RFCs print, what is written, and each reason for refusing one.

import JOSE
import JSON
import Testing

@Suite struct JWKTests {
  @Test func publishedThumbprints() throws {
    let rsa = try PublicJWK(parse(Published.thumbprintKey))
    #expect(rsa.thumbprint == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs")
    #expect(rsa.kid == "2011-04-29")
    let okp = try PublicJWK(parse(Published.okpKey))
    #expect(okp.kid == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k")
  }

  @Test(arguments: SignatureAlgorithm.available) func writtenAndReadAgain(algorithm: SignatureAlgorithm) throws {
    let key = try SigningKey.generate(algorithm)
    let set = try JWKSet([key.publicJWK])
    var writer = JSONWriter()
    set.write(into: &writer)
    let value = try JSONValue.parse(writer.bytes)
    let member = try #require(value["keys"]?.array?.first)
    #expect(member["use"]?.string == "sig")
    #expect(member["alg"]?.string == algorithm.rawValue)
    #expect(member["d"] == nil)
    let read = try JWKSet(value)
    let found = try #require(read.find(kid: key.kid))
    #expect(found.thumbprint == key.kid)
    #expect(try found.pem == key.publicJWK.pem)
    #expect(read.find(kid: "other") == nil)
    let copy = try SigningKey(pkcs8: try key.pkcs8, algorithm: algorithm)
    #expect(copy.kid == key.kid)
  }

  @Test func nothingIsPrinted() throws {
    let key = try SigningKey.generate(.es256)
    for text in ["\(key)", String(reflecting: key), "\(key.publicJWK)", String(reflecting: key.publicJWK)] {
      #expect(["SigningKey(ES256)", "PublicJWK(ES256)"].contains(text))
    }
    var dumped = ""
    dump(key, to: &dumped)
    #expect(!dumped.contains(key.kid))
  }

  @Test func privateMembersAreNotKept() throws {
    let key = try PublicJWK(parse(Published.ecKey))
    var writer = JSONWriter()
    key.write(into: &writer)
    #expect(!text(writer.bytes).contains("jpsQnn"))
  }

  static let x = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
  static let y = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
  static let ec = #""kty":"EC","crv":"P-256","x":"\#(x)","y":"\#(y)""#
  static let refusals: [(String, JOSEError)] = [
    (#"[]"#, .invalidKey), (#"{}"#, .invalidKey), (#"{"kty":1}"#, .invalidKey),
    (#"{"kty":"oct","k":"AA"}"#, .unsupportedKey), (#"{"kty":"EC","crv":"P-192"}"#, .unsupportedKey),
    (#"{"kty":"OKP","crv":"X25519","x":"\#(x)"}"#, .unsupportedKey),
    (#"{"kty":"EC","crv":"P-256","x":"\#(x)"}"#, .invalidKey),
    (#"{"kty":"EC","crv":"P-256","x":"\#(y)","y":"\#(x)"}"#, .invalidKey),
    (#"{"kty":"EC","crv":"P-256","x":"AA\#(x)","y":"\#(y)"}"#, .invalidKey),
    (#"{"kty":"OKP","crv":"Ed25519","x":"AA"}"#, .invalidKey),
    (#"{\#(ec),"alg":"RS256"}"#, .unsupportedKey), (#"{\#(ec),"alg":"none"}"#, .unsupportedKey),
    (#"{\#(ec),"alg":1}"#, .invalidKey), (#"{\#(ec),"kid":1}"#, .invalidKey),
    (#"{\#(ec),"use":"enc"}"#, .wrongKeyUse), (#"{\#(ec),"key_ops":["encrypt"]}"#, .wrongKeyUse),
    (#"{\#(ec),"key_ops":[]}"#, .wrongKeyUse), (#"{\#(ec),"key_ops":"verify"}"#, .invalidKey),
    (#"{\#(ec),"key_ops":["verify","verify"]}"#, .invalidKey),
  ]

  @Test(arguments: refusals) func refused(text: String, error: JOSEError) {
    #expect(throws: error) { try PublicJWK(parse(text)) }
  }

  @Test func weakRSAKeysAreRefused() throws {
    func check(modulus: [UInt8], exponent: [UInt8]) throws -> JOSEError? {
      let n = Base64URL.encode(modulus)
      let e = Base64URL.encode(exponent)
      do {
        _ = try PublicJWK(parse(#"{"kty":"RSA","n":"\#(n)","e":"\#(e)"}"#))
        return nil
      } catch let error as JOSEError { return error }
    }
    var modulus = [UInt8](repeating: 0xFF, count: 256)
    #expect(try check(modulus: modulus, exponent: [1, 0, 1]) == nil)
    #expect(try check(modulus: modulus, exponent: [3]) == .weakKey)
    #expect(try check(modulus: modulus, exponent: [0xFF, 0xFF]) == .weakKey)
    #expect(try check(modulus: modulus, exponent: [1, 0, 2]) == .invalidKey)
    #expect(try check(modulus: modulus, exponent: [0, 1, 0, 1]) == .invalidKey)
    #expect(try check(modulus: modulus, exponent: [UInt8](repeating: 1, count: 9)) == .weakKey)
    #expect(try check(modulus: Array(modulus.dropLast()), exponent: [1, 0, 1]) == .weakKey)
    #expect(try check(modulus: [UInt8](repeating: 0xFF, count: 1025), exponent: [1, 0, 1]) == .weakKey)
    modulus[0] = 0x7F
    #expect(try check(modulus: modulus, exponent: [1, 0, 1]) == .weakKey)
    modulus[255] = 0xFE
    #expect(try check(modulus: modulus, exponent: [1, 0, 1]) == .invalidKey)
  }

  @Test func setsSkipWhatIsNotForUs() throws {
    let set = try JWKSet(
      parse(#"{"keys":[{"kty":"new"},{"kty":"oct","k":"AA"},{\#(Self.ec),"use":"enc"},{\#(Self.ec)}]}"#))
    #expect(set.keys.count == 1)
    #expect(throws: JOSEError.duplicateKeyID) { try JWKSet(parse(#"{"keys":[{\#(Self.ec)},{\#(Self.ec)}]}"#)) }
    #expect(throws: JOSEError.invalidKey) { try JWKSet(parse(#"{"keys":{}}"#)) }
    #expect(throws: JOSEError.invalidKey) { try JWKSet(parse(#"{"keys":[{"kty":"EC","crv":"P-256"}]}"#)) }
  }
}
