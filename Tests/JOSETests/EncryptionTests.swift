// Tokens encrypted and decrypted, and those which RFCs print.

import JOSE
import JSON
import OpenSSL
import Testing

@Suite struct EncryptionTests {
  @Test(arguments: SampleEncryption.keys) func encryptedAndDecrypted(
    algorithm: KeyManagementAlgorithm, kind: KeyKind?
  ) throws {
    for content in ContentEncryption.allCases {
      let key = try DecryptionKey.generate(algorithm, content, kind: kind)
      let encrypter = try TokenEncrypter(
        key: key.encryptionKey, content: content, contentType: "JWT", type: "at+jwt")
      let decrypter = try TokenDecrypter(keys: [key])
      var tokens: Set<[UInt8]> = []
      for size in [0, 1, 15, 16, 17, 1000] {
        var output = Array("before".utf8)
        let text = Random.bytes(size)
        try encrypter.encrypt(text, into: &output)
        #expect(output.starts(with: Array("before".utf8)))
        let decrypted = try decrypter.decrypt(compact: Array(output[6...]))
        #expect(decrypted.plaintext == text)
        #expect(decrypted.kid == key.kid)
        #expect(decrypted.algorithm == algorithm)
        #expect(decrypted.content == content)
        #expect(decrypted.type == "at+jwt")
        #expect(decrypted.isNested)
        tokens.insert(SampleEncryption.parts(output)[1] + SampleEncryption.parts(output)[2])
      }
      // Nothing comes twice: neither encrypted key nor nonce.
      #expect(tokens.count == 6)
    }
  }

  @Test func tokensAreNested() throws {
    let signing = try SigningKey.generate(.es256)
    let key = try DecryptionKey.generate(.ecdhES, kind: .x25519)
    var signed: [UInt8] = []
    try TokenSigner(key: signing, type: "at+jwt").sign(payload: Array(#"{"sub":"a"}"#.utf8), into: &signed)
    let token = try encrypt(signed, to: key.encryptionKey, .a256GCM, contentType: "JWT")
    let decrypted = try TokenDecrypter(keys: [key]).decrypt(compact: token)
    #expect(decrypted.isNested)
    let verified = try TokenVerifier(keys: [signing.publicJWK]).verify(compact: decrypted.plaintext, type: "at+jwt")
    #expect(try verified.claims["sub"]?.string == "a")
    // Neither passes for the other.
    #expect(throws: JOSEError.malformed) {
      try TokenVerifier(keys: [signing.publicJWK]).verify(compact: token, type: nil)
    }
    #expect(throws: JOSEError.malformed) { try TokenDecrypter(keys: [key]).decrypt(compact: signed) }
  }

  @Test(arguments: [("JWT", true), ("application/jwt", true), ("JWE", false), ("", false), (nil, false)])
  func nestingIsSaidByTheContentType(contentType: String?, isNested: Bool) throws {
    let key = try DecryptionKey.generate(.a256KW)
    let token = try encrypt([1], to: key.encryptionKey, .a128GCM, contentType: contentType)
    #expect(try TokenDecrypter(keys: [key]).decrypt(compact: token).isNested == isNested)
  }

  @Test func inspectingShowsTheHeader() throws {
    let key = try DecryptionKey.generate(.ecdhES)
    let token = try UnverifiedToken(compact: try encrypt([1, 2], to: key.encryptionKey, .a256GCM, contentType: "JWT"))
    #expect(token.isEncrypted)
    #expect(token.header["alg"]?.string == "ECDH-ES")
    #expect(token.header["enc"]?.string == "A256GCM")
    #expect(token.header["cty"]?.string == "JWT")
    #expect(token.header["kid"]?.string == key.kid)
    #expect(token.header["epk"]?["crv"]?.string == "P-256")
    #expect(token.header["epk"]?["d"] == nil)
    #expect(token.payload.isEmpty && token.claims == nil)
    #expect(throws: JOSEError.invalidHeader) { try UnverifiedToken(compact: Array("AA....".utf8)) }
  }

  @Test(arguments: [
    (PublishedEncryption.agreementKey, PublishedEncryption.agreementToken),
    (PublishedEncryption.directKey, PublishedEncryption.directToken),
  ]) func publishedTokens(key: String, token: String) throws {
    let decrypter = try TokenDecrypter(keys: [try DecryptionKey(parse(key))])
    #expect(text(try decrypter.decrypt(compact: Array(token.utf8)).plaintext) == PublishedEncryption.text)
  }

  /// The tokens of RFC 7516 A manage their keys by what is refused here; their content is encrypted by what is not.
  @Test func publishedContents() throws {
    let wrapped = try parse(PublishedEncryption.wrappedKey)
    #expect(throws: JOSEError.unsupportedKey) { try DecryptionKey(wrapped) }
    #expect(throws: JOSEError.invalidKey) { try DecryptionKey(wrapped, algorithm: .a256KW) }
    let rsa = try TokenDecrypter(keys: [try DecryptionKey(parse(PublishedEncryption.rsaKey))])
    #expect(throws: JOSEError.algorithmMismatch) {
      try rsa.decrypt(compact: Array(PublishedEncryption.rsaToken.utf8))
    }
    // A.1.2 and A.3.2 print the content encryption keys.
    let first = try content(
      PublishedEncryption.rsaToken, .aes256GCM,
      "b1a1f480548fe1733fb403ff6b9ad4f68a076e5b702e22692f82cb2e7aea40fc")
    #expect(first == "The true sign of intelligence is not knowledge but imagination.")
    let third = try content(
      PublishedEncryption.wrappedToken, .aes128CBCHMACSHA256,
      "04d31fc5549dfcfe0b649dfa3faa6ace6b7cd42d6f6b09dbc8b100f08f9c2ccf")
    #expect(third == "Live long and prosper.")
  }

  private func content(_ token: String, _ cipher: AuthenticatedCipher, _ key: String) throws -> String {
    let parts = SampleEncryption.parts(Array(token.utf8))
    let bytes = try parts.dropFirst().map { try Base64URL.decode(text($0)) }
    return try SecretBytes(copying: hex(key)).withBytes { key in
      try bytes[2].withBytes { ciphertext in
        try parts[0].withBytes { header in
          text(
            try cipher.open(ciphertext, tag: bytes[3], key: key, nonce: bytes[1], associatedData: header))
        }
      }
    }
  }

  private func hex(_ text: String) -> [UInt8] {
    stride(from: 0, to: text.utf8.count, by: 2).compactMap { UInt8(text.dropFirst($0).prefix(2), radix: 16) }
  }

  @Test func publishedAgreement() throws {
    // RFC 7518 C prints the key that Alice and Bob derive, of the secret and both their names.
    let key = SecretBytes(copying: try Base64URL.decode("VqqN6vgjbSBcIijNcacQGg"))
    let token = try SampleEncryption.token(header: PublishedEncryption.aliceHeader, key: key, cipher: .aes128GCM)
    let bob = try DecryptionKey(parse(PublishedEncryption.bobKey))
    #expect(text(try TokenDecrypter(keys: [bob]).decrypt(compact: token).plaintext) == "text")
    // The names are part of it.
    let other = PublishedEncryption.aliceHeader.replacing("QWxpY2U", with: "QWxpY2")
    #expect(throws: JOSEError.invalidHeader) {
      try TokenDecrypter(keys: [bob]).decrypt(
        compact: SampleEncryption.token(header: other, key: key, cipher: .aes128GCM))
    }
    let eve = PublishedEncryption.aliceHeader.replacing("QWxpY2U", with: "RXZl")
    #expect(throws: JOSEError.decryptionFailed) {
      try TokenDecrypter(keys: [bob]).decrypt(
        compact: SampleEncryption.token(header: eve, key: key, cipher: .aes128GCM))
    }
  }

  @Test func publishedOctetKey() throws {
    let bob = try DecryptionKey(parse(PublishedEncryption.bobOctetKey))
    #expect(bob.kid == "Bob")
    #expect(bob.algorithm == .ecdhES)
    let token = try encrypt([7], to: bob.encryptionKey, .a128GCM)
    #expect(try TokenDecrypter(keys: [bob]).decrypt(compact: token).plaintext == [7])
  }

  /// A key on a curve that names no algorithm decrypts both forms, and encrypts as it is told.
  @Test func agreementWithoutAnAlgorithm() throws {
    let value = try parse(PublishedEncryption.bobOctetKey)
    let decrypter = try TokenDecrypter(keys: [try DecryptionKey(value)])
    for algorithm in [KeyManagementAlgorithm.ecdhES, .ecdhESA256KW] {
      let key = try EncryptionKey(value, algorithm: algorithm)
      #expect(key.algorithm == algorithm)
      let decrypted = try decrypter.decrypt(compact: try encrypt([1], to: key, .a128CBCHS256))
      #expect(decrypted.algorithm == algorithm)
      let strict = try TokenDecrypter(keys: [try DecryptionKey(value, algorithm: .ecdhES)])
      let token = try encrypt([1], to: key, .a128CBCHS256)
      if algorithm == .ecdhES {
        #expect(try strict.decrypt(compact: token).plaintext == [1])
      } else {
        #expect(throws: JOSEError.algorithmMismatch) { try strict.decrypt(compact: token) }
      }
    }
  }

  @Test func headersAreBounded() throws {
    for kind in [KeyKind.p521, .x25519] {
      let key = try PrivateKey.generate(kind)
      for (size, isGood) in [(3700, true), (3900, false)] {
        let named = try DecryptionKey(key, kid: String(repeating: "k", count: size))
        if isGood {
          let token = try encrypt([1], to: named.encryptionKey, .a256GCM, contentType: "JWT")
          #expect(try TokenDecrypter(keys: [named]).decrypt(compact: token).plaintext == [1])
        } else {
          #expect(throws: JOSEError.tooLarge) { try TokenEncrypter(key: named.encryptionKey, content: .a256GCM) }
        }
      }
    }
  }

  @Test func plaintextIsBounded() throws {
    let key = try DecryptionKey.generate(.a256KW)
    let encrypter = try TokenEncrypter(key: key.encryptionKey, content: .a256GCM)
    var output: [UInt8] = [1]
    #expect(throws: JOSEError.tooLarge) {
      try encrypter.encrypt([UInt8](repeating: 0, count: TokenEncrypter.largest + 1), into: &output)
    }
    #expect(output == [1])
    let text = [UInt8](repeating: 7, count: 1 << 20)
    let token = try encrypt(text, to: key.encryptionKey, .a256CBCHS512)
    #expect(throws: JOSEError.tooLarge) { try TokenDecrypter(keys: [key]).decrypt(compact: token) }
    #expect(try TokenDecrypter(keys: [key], size: 2 << 20).decrypt(compact: token).plaintext == text)
  }
}
