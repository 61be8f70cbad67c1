// JWKs: thumbprints that RFCs print, what is written, and each reason for refusing one.

import JOSE
import JSON
import Testing

@Suite struct JWKTests {
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
    let key = try PublicJWK(parse(PublishedKeys.p256))
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

  @Test func pointsOfSmallOrderAreRefused() throws {
    // A signature that anybody can write down, R = 1 and s = 0, is good for the neutral element.
    var points = [[1] + [UInt8](repeating: 0, count: 31), [0xEC] + [UInt8](repeating: 0xFF, count: 31)]
    points += [[UInt8](repeating: 0, count: 32), [0xEE] + [UInt8](repeating: 0xFF, count: 30) + [0x7F]]
    for point in points {
      let x = Base64URL.encode(point)
      #expect(throws: JOSEError.weakKey) { try PublicJWK(parse(#"{"kty":"OKP","crv":"Ed25519","x":"\#(x)"}"#)) }
      #expect(throws: JOSEError.weakKey) { try Thumbprint.of(parse(#"{"kty":"OKP","crv":"X25519","x":"\#(x)"}"#)) }
    }
  }

  @Test func setsSkipWhatIsNotForUs() throws {
    let weak = #"{"kty":"RSA","n":"\#(String(repeating: "_", count: 170))8","e":"AQAB"}"#
    let members = [
      #"{"kty":"new"}"#, #"{"kty":"oct","k":"AA"}"#, #"{\#(Self.ec),"use":"enc"}"#, #"{\#(Self.ec)}"#,
      #"{"kty":"EC","crv":"P-256"}"#, "1", weak, #"{\#(Self.ec),"alg":"ES512"}"#,
    ]
    let set = try JWKSet(parse(#"{"keys":[\#(members.joined(separator: ","))]}"#))
    #expect(set.keys.count == 1)
    #expect(
      set.skipped == [
        .unsupportedKey, .unsupportedKey, .wrongKeyUse, .invalidKey, .invalidKey, .weakKey, .unsupportedKey,
      ])
    #expect(throws: JOSEError.duplicateKeyID) { try JWKSet(parse(#"{"keys":[{\#(Self.ec)},{\#(Self.ec)}]}"#)) }
    #expect(throws: JOSEError.invalidKey) { try JWKSet(parse(#"{"keys":{}}"#)) }
    #expect(throws: JOSEError.invalidKey) { try JWKSet(parse("[]")) }
  }

  @Test func setsAreBounded() throws {
    let many = [JSONValue](repeating: .object([]), count: 101)
    #expect(throws: JOSEError.tooManyKeys) { try JWKSet(.object([JSONMember("keys", .array(many))])) }
    #expect(try JWKSet(.object([JSONMember("keys", .array(Array(many.dropLast())))])).skipped.count == 100)
    let space = [UInt8](repeating: 0x20, count: 256 << 10)
    #expect(throws: JOSEError.tooManyKeys) { try JWKSet(parsing: Array(#"{"keys":[]}"#.utf8) + space) }
    #expect(throws: JOSEError.invalidKey) { try JWKSet(parsing: Array(#"{"keys":[],"keys":[]}"#.utf8)) }
    #expect(throws: JOSEError.invalidKey) { try JWKSet(parsing: []) }
    #expect(try JWKSet(parsing: Array(#"{"keys":[{\#(Self.ec)}]}"#.utf8)).keys.map(\.algorithm) == [.es256])
  }

  @Test func theKeySaysTheAlgorithm() throws {
    // Without `alg`: what the kind is for, RS256 for RSA; "Ed25519" (RFC 9864) is EdDSA's other name.
    let names: [(String, String?, SignatureAlgorithm)] = [
      (PublishedKeys.p256, nil, .es256), (PublishedKeys.p521, nil, .es512), (PublishedKeys.rsa, nil, .rs256),
      (PublishedKeys.rsa, "RS384", .rs384), (PublishedKeys.rsa, "PS512", .ps512), (PublishedKeys.ed25519, nil, .eddsa),
      (PublishedKeys.ed25519, "EdDSA", .eddsa), (PublishedKeys.ed25519, "Ed25519", .eddsa),
    ]
    for (key, name, algorithm) in names {
      let added = name.map { [JSONMember("alg", .string($0))] } ?? []
      #expect(try PublicJWK(.object(#require(try parse(key).object) + added)).algorithm == algorithm)
    }
    for name in SignatureAlgorithm.allCases.map(\.rawValue) {
      #expect(SignatureAlgorithm(name: name)?.rawValue == name)
    }
    for name in ["none", "HS256", "ES256K", "Ed448", "es256", "", "RSA-OAEP-256"] {
      #expect(SignatureAlgorithm(name: name) == nil)
    }
  }

  @Test func useAndOperationsMustAgree() throws {
    for (text, error) in [
      (#""use":"sig","key_ops":["verify"]"#, nil), (#""key_ops":["verify","unknown"]"#, nil),
      (#""use":"sig","key_ops":["verify","deriveKey"]"#, JOSEError.wrongKeyUse),
      (#""use":"other""#, .wrongKeyUse), (#""use":1"#, .invalidKey), (#""key_ops":[1]"#, .invalidKey),
      (#""use":"enc","key_ops":["verify"]"#, .wrongKeyUse), (#""use":"""#, .wrongKeyUse),
    ] {
      if let error {
        #expect(throws: error, "\(text)") { try PublicJWK(parse("{\(Self.ec),\(text)}")) }
      } else {
        #expect(try PublicJWK(parse("{\(Self.ec),\(text)}")).algorithm == .es256)
      }
    }
  }
}
