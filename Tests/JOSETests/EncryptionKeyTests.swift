// Keys for encryption as JWKs: what is written, and each reason for refusing one.

import JOSE
import JSON
import OpenSSL
import Testing

@Suite struct EncryptionKeyTests {
  @Test(arguments: SampleEncryption.keys) func writtenAndReadAgain(
    algorithm: KeyManagementAlgorithm, kind: KeyKind?
  ) throws {
    for content in [nil, ContentEncryption.a256CBCHS512] {
      let key = try DecryptionKey.generate(algorithm, content, kind: kind)
      var writer = JSONWriter()
      try key.writePrivate(into: &writer)
      let value = try JSONValue.parse(writer.bytes)
      #expect(value["use"]?.string == "enc")
      #expect(value["alg"]?.string == algorithm.rawValue)
      #expect(value["kid"]?.string == key.kid)
      #expect(value["enc"]?.string == (algorithm == .direct ? content ?? .a256GCM : content)?.rawValue)
      let copy = try DecryptionKey(value)
      let encrypted = try EncryptionKey(value)
      let used = encrypted.contents[0]
      #expect(encrypted.contents.count == (content == nil && algorithm != .direct ? 4 : 1))
      #expect(encrypted.thumbprint == key.encryptionKey.thumbprint)
      let token = try encrypt([1, 2], to: encrypted, used)
      #expect(try TokenDecrypter(keys: [copy]).decrypt(compact: token).plaintext == [1, 2])
      #expect(try TokenDecrypter(keys: [key]).decrypt(compact: token).plaintext == [1, 2])
    }
  }

  @Test(arguments: SampleEncryption.keys) func publicKeysHoldNothingPrivate(
    algorithm: KeyManagementAlgorithm, kind: KeyKind?
  ) throws {
    let key = try DecryptionKey.generate(algorithm, kind: kind)
    var writer = JSONWriter()
    guard !algorithm.isSymmetric else {
      #expect(throws: JOSEError.noPublicKey) { try key.encryptionKey.write(into: &writer) }
      #expect(throws: JOSEError.noPublicKey) { try key.encryptionKey.pem }
      #expect(writer.bytes.isEmpty)
      return
    }
    try key.encryptionKey.write(into: &writer)
    let value = try JSONValue.parse(writer.bytes)
    for name in PrivateParameters.Name.allCases { #expect(value[name.rawValue] == nil) }
    let read = try EncryptionKey(value)
    #expect(read.kid == key.kid)
    #expect(read.algorithm == algorithm)
    #expect(try read.pem == key.encryptionKey.pem)
    #expect(throws: JOSEError.invalidKey) { try DecryptionKey(value) }
    let fromPEM = try EncryptionKey(pem: read.pem, algorithm: algorithm)
    #expect(fromPEM.kid == nil)
    #expect(fromPEM.algorithm == algorithm)
    #expect(fromPEM.thumbprint == key.kid)
  }

  @Test func privatePEM() throws {
    let passphrase = Array("correct horse".utf8)
    let key = try DecryptionKey.generate(.ecdhESA256KW, kind: .x25519)
    let pem = try key.encryptedPEM(passphrase: passphrase)
    #expect(pem.hasPrefix("-----BEGIN ENCRYPTED PRIVATE KEY-----"))
    let read = try DecryptionKey(pem: pem, passphrase: passphrase)
    #expect(read.kid == nil)
    #expect(read.encryptionKey.thumbprint == key.kid)
    let token = try encrypt([1], to: read.encryptionKey, .a128GCM)
    #expect(try TokenDecrypter(keys: [read]).decrypt(compact: token).plaintext == [1])
    #expect(throws: JOSEError.invalidKey) { try DecryptionKey(pem: pem, passphrase: [1]) }
    #expect(throws: JOSEError.invalidKey) { try DecryptionKey(pem: pem) }
    #expect(throws: JOSEError.invalidKey) { try DecryptionKey(pem: key.encryptionKey.pem) }
    #expect(throws: JOSEError.invalidKey) { try EncryptionKey(pem: pem) }
    #expect(throws: JOSEError.unsupportedKey) {
      try DecryptionKey(pem: pem, passphrase: passphrase, algorithm: .rsaOAEP256)
    }
    #expect(throws: JOSEError.unsupportedKey) { try DecryptionKey.generate(.a256KW).encryptedPEM(passphrase: [1]) }
    #expect(throws: JOSEError.cryptographyFailed) { try key.encryptedPEM(passphrase: []) }
  }

  @Test func nothingIsPrinted() throws {
    let key = try DecryptionKey.generate(.a256KW)
    #expect("\(key)" == "DecryptionKey(A256KW)")
    #expect("\(key.encryptionKey)" == "EncryptionKey(A256KW)")
    for mirror in [Mirror(reflecting: key), Mirror(reflecting: key.encryptionKey)] { #expect(mirror.children.isEmpty) }
    #expect(!String(reflecting: key).contains("material"))
  }

  @Test func publishedThumbprints() throws {
    // RFC 8037 A.3's method, by the independent `jwcrypto`; and RFC 7638 3.2 for a symmetric key.
    let bob = try EncryptionKey(parse(PublishedEncryption.bobOctetKey))
    #expect(bob.thumbprint == "giQqigT_IKcuzHl0FVJ3k5ts3_TWNAxvsC08UZsfcM8")
    #expect(
      try EncryptionKey(parse(PublishedEncryption.directKey)).thumbprint
        == "svOLuZiKpi3RFmSHAcCJqsQqjBmWR4egaIsgk-2uBak")
  }

  private static let point = #""x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU""#
  private static let ec = #""kty":"EC","crv":"P-256",\#(point),"y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0""#
  private static let d = #""d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI""#
  private static let okp = #""kty":"OKP","crv":"X25519","x":"3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08""#
  private static let k16 = #""kty":"oct","k":"\#(Base64URL.encode([UInt8](repeating: 1, count: 16)))""#
  private static let k32 = #""kty":"oct","k":"\#(Base64URL.encode([UInt8](repeating: 1, count: 32)))""#
  private static let k64 = #""kty":"oct","k":"\#(Base64URL.encode([UInt8](repeating: 1, count: 64)))""#

  static let accepted: [(String, KeyManagementAlgorithm, [ContentEncryption])] = [
    (ec, .ecdhES, ContentEncryption.allCases), (okp, .ecdhES, ContentEncryption.allCases),
    (ec + #","alg":"ECDH-ES+A256KW","use":"enc""#, .ecdhESA256KW, ContentEncryption.allCases),
    (ec + #","key_ops":["deriveKey"]"#, .ecdhES, ContentEncryption.allCases),
    (ec + #","key_ops":[],"ext":true"#, .ecdhES, ContentEncryption.allCases),
    (ec + #","enc":"A128GCM""#, .ecdhES, [.a128GCM]),
    (k32 + #","alg":"A256KW""#, .a256KW, ContentEncryption.allCases),
    (k32 + #","alg":"A256KW","key_ops":["wrapKey","unwrapKey"]"#, .a256KW, ContentEncryption.allCases),
    (k16 + #","alg":"dir""#, .direct, [.a128GCM]), (k32 + #","alg":"dir""#, .direct, [.a256GCM, .a128CBCHS256]),
    (k64 + #","alg":"dir""#, .direct, [.a256CBCHS512]), (k32 + #","alg":"dir","enc":"A256GCM""#, .direct, [.a256GCM]),
    (k32 + #","alg":"A128CBC-HS256""#, .direct, [.a128CBCHS256]),
  ]

  @Test(arguments: accepted) func acceptedKeys(
    members: String, algorithm: KeyManagementAlgorithm, contents: [ContentEncryption]
  ) throws {
    let key = try EncryptionKey(parse("{\(members)}"))
    #expect(key.algorithm == algorithm)
    #expect(key.contents == contents)
    for content in ContentEncryption.allCases where !contents.contains(content) {
      #expect(throws: JOSEError.encryptionMismatch) { try TokenEncrypter(key: key, content: content) }
    }
  }

  @Test func refusedKeys() throws {
    let cases: [(String, JOSEError)] = [
      (Self.ec + #","use":"sig""#, .wrongKeyUse), (Self.ec + #","key_ops":["verify"]"#, .wrongKeyUse),
      (Self.ec + #","key_ops":["deriveKey","sign"]"#, .wrongKeyUse), (Self.ec + #","use":1"#, .invalidKey),
      (Self.ec + #","key_ops":["deriveKey","deriveKey"]"#, .invalidKey),
      (Self.ec + #","alg":"ES256""#, .unsupportedKey), (Self.ec + #","alg":"ECDH-ES+A128KW""#, .unsupportedKey),
      (Self.ec + #","alg":"RSA-OAEP-256""#, .unsupportedKey), (Self.ec + #","alg":"dir""#, .unsupportedKey),
      (Self.ec + #","alg":"A256GCM""#, .unsupportedKey), (Self.ec + #","alg":1"#, .invalidKey),
      (Self.ec + #","enc":"A192GCM""#, .unsupportedKey), (Self.ec + #","enc":null"#, .invalidKey),
      (#""kty":"EC","crv":"secp256k1",\#(Self.point)"#, .unsupportedKey),
      (#""kty":"EC","crv":"P-256",\#(Self.point),"y":"\#(String(repeating: "A", count: 43))""#, .invalidKey),
      (#""kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo""#, .unsupportedKey),
      (#""kty":"OKP","crv":"X448","x":"AAAA""#, .unsupportedKey),
      (#""kty":"OKP","crv":"X25519","x":"\#(String(repeating: "A", count: 43))""#, .weakKey),
      (Self.k32, .unsupportedKey), (Self.k32 + #","alg":"HS256""#, .unsupportedKey),
      (Self.k32 + #","alg":"A128KW""#, .unsupportedKey), (Self.k32 + #","alg":"PBES2-HS256+A128KW""#, .unsupportedKey),
      (Self.k32 + #","alg":"ECDH-ES""#, .unsupportedKey), (Self.k16 + #","alg":"A256KW""#, .invalidKey),
      (Self.k64 + #","alg":"A256KW""#, .invalidKey), (Self.k16 + #","alg":"A256GCM""#, .invalidKey),
      (Self.k32 + #","alg":"A256GCM","enc":"A128CBC-HS256""#, .invalidKey),
      (Self.k32 + #","alg":"dir","enc":"A128GCM""#, .invalidKey),
      (#""kty":"oct","k":"AAAA","alg":"dir""#, .invalidKey), (#""kty":"oct","k":"","alg":"dir""#, .invalidKey),
      (#""kty":"oct","alg":"dir""#, .invalidKey), (Self.k32 + #","alg":"dir","use":"sig""#, .wrongKeyUse),
      (#""kty":"RSA","n":"AQAB","e":"AQAB""#, .weakKey), (#""kty":"other""#, .unsupportedKey), ("", .invalidKey),
    ]
    for (members, expected) in cases {
      #expect(throws: expected, "{\(members)}") { try EncryptionKey(parse("{\(members)}")) }
    }
    #expect(throws: JOSEError.invalidKey) { try EncryptionKey(parse("[]")) }
    #expect(throws: JOSEError.unsupportedKey) { try EncryptionKey(parse("{\(Self.ec)}"), algorithm: .rsaOAEP256) }
    #expect(throws: JOSEError.unsupportedKey) {
      try EncryptionKey(parse(#"{\#(Self.ec),"alg":"ECDH-ES"}"#), algorithm: .ecdhESA256KW)
    }
    #expect(try EncryptionKey(parse("{\(Self.k32)}"), algorithm: .a256KW).algorithm == .a256KW)
  }

  @Test func refusedPrivateKeys() throws {
    let cases: [(String, JOSEError)] = [
      (Self.ec, .invalidKey), (Self.ec + #","d":"AAAA""#, .invalidKey),
      (Self.ec + #","d":"\#(Base64URL.encode([UInt8](repeating: 1, count: 32)))""#, .invalidKey),
      (Self.okp + #","d":"\#(Base64URL.encode([UInt8](repeating: 1, count: 32)))""#, .invalidKey),
      (Self.ec + "," + Self.d + #","key_ops":["encrypt"]"#, .wrongKeyUse),
      (Self.ec + "," + Self.d + #","key_ops":[]"#, .wrongKeyUse),
      (Self.ec + "," + Self.d + #","use":"sig""#, .wrongKeyUse),
      (Self.k32 + #","alg":"dir","key_ops":["encrypt"]"#, .wrongKeyUse),
    ]
    for (members, expected) in cases {
      #expect(throws: expected, "{\(members)}") { try DecryptionKey(parse("{\(members)}")) }
    }
    #expect(try DecryptionKey(parse("{\(Self.ec),\(Self.d)}")).algorithm == .ecdhES)
    // A shared key may be for one direction; it stays so.
    let reading = try DecryptionKey(parse(#"{\#(Self.k32),"alg":"A256KW","key_ops":["unwrapKey"]}"#))
    #expect(throws: JOSEError.wrongKeyUse) { try TokenEncrypter(key: reading.encryptionKey, content: .a256GCM) }
    var writer = JSONWriter()
    try reading.writePrivate(into: &writer)
    #expect(throws: JOSEError.wrongKeyUse) { try EncryptionKey(JSONValue.parse(writer.bytes)) }
    #expect(throws: JOSEError.wrongKeyUse) {
      try EncryptionKey(parse(#"{\#(Self.k32),"alg":"dir","key_ops":["decrypt"]}"#))
    }
  }

  @Test func generatingIsChecked() throws {
    #expect(throws: JOSEError.unsupportedKey) { try DecryptionKey.generate(.rsaOAEP256, kind: .p256) }
    #expect(throws: JOSEError.unsupportedKey) { try DecryptionKey.generate(.ecdhES, kind: .ed25519) }
    #expect(throws: JOSEError.unsupportedKey) { try DecryptionKey.generate(.a256KW, kind: .p256) }
    #expect(throws: JOSEError.weakKey) { try DecryptionKey.generate(.rsaOAEP256, kind: .rsa(bits: 1024)) }
    #expect(throws: JOSEError.unsupportedKey) {
      try EncryptionKey(key: try PrivateKey.generate(.ed25519).publicKey, algorithm: .ecdhES)
    }
    let weak = try PrivateKey.generate(.rsa(bits: 1024))
    #expect(throws: JOSEError.weakKey) { try EncryptionKey(key: weak.publicKey) }
    #expect(throws: JOSEError.weakKey) { try DecryptionKey(weak) }
  }
}
