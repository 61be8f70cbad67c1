// Encrypted tokens that are refused, each with its reason; and those where the reason must not show.

import JOSE
import JSON
import OpenSSL
import Testing

@Suite struct EncryptionRefusalTests {
  @Test(arguments: SampleEncryption.keys) func everyByteCounts(algorithm: KeyManagementAlgorithm, kind: KeyKind?) throws
  {
    let key = try DecryptionKey.generate(algorithm, .a128CBCHS256, kind: kind)
    let decrypter = try TokenDecrypter(keys: [key])
    let token = try encrypt(Array("text".utf8), to: key.encryptionKey, .a128CBCHS256)
    for index in token.indices {
      var changed = token
      changed[index] ^= [1, 2, 0x20, 0x80][index % 4]
      #expect(throws: JOSEError.self) { try decrypter.decrypt(compact: changed) }
      changed.remove(at: index)
      #expect(throws: JOSEError.self) { try decrypter.decrypt(compact: changed) }
    }
    for extra in ["=", "A", ".", " ", "\0", ".A"] {
      #expect(throws: JOSEError.self) { try decrypter.decrypt(compact: token + Array(extra.utf8)) }
    }
  }

  /// From the encrypted key on there is one refusal, whatever is bad.
  @Test(arguments: SampleEncryption.keys) func badKeysAndContentsLookTheSame(
    algorithm: KeyManagementAlgorithm, kind: KeyKind?
  ) throws {
    for content in ContentEncryption.allCases {
      let key = try DecryptionKey.generate(algorithm, content, kind: kind)
      let decrypter = try TokenDecrypter(keys: [key])
      let token = try encrypt(Array("a text of more than one block".utf8), to: key.encryptionKey, content)
      let parts = try SampleEncryption.parts(token).map { try Base64URL.decode(text($0)) }
      for index in 1...4 where !parts[index].isEmpty {
        for place in [0, parts[index].count / 2, parts[index].count - 1] {
          var bytes = parts[index]
          bytes[place] ^= 0x10
          let changed = SampleEncryption.replacing(index, of: token, with: bytes)
          #expect(throws: JOSEError.decryptionFailed) { try decrypter.decrypt(compact: changed) }
        }
      }
      for ciphertext in [[], Array(parts[3].dropLast()), parts[3] + [0], Random.bytes(16)] as [[UInt8]] {
        let changed = SampleEncryption.replacing(3, of: token, with: ciphertext)
        #expect(throws: JOSEError.decryptionFailed) { try decrypter.decrypt(compact: changed) }
      }
      guard !parts[1].isEmpty else { continue }
      for encrypted in [Array(parts[1].dropLast()), parts[1] + [0], [0], Random.bytes(parts[1].count)] {
        let changed = SampleEncryption.replacing(1, of: token, with: encrypted)
        #expect(throws: JOSEError.decryptionFailed) { try decrypter.decrypt(compact: changed) }
      }
    }
  }

  /// What a padding oracle would tell apart: keys of other sizes inside, numbers beyond the modulus, other paddings.
  @Test func rsaPaddingTellsNothing() throws {
    let key = try DecryptionKey.generate(.rsaOAEP256)
    let decrypter = try TokenDecrypter(keys: [key])
    let token = try encrypt([1], to: key.encryptionKey, .a256GCM)
    let publicKey = try publicKey(key)
    var encrypted = try [0, 1, 15, 16, 31, 33, 64, 190].map {
      try RSAOAEP.encrypt(SecretBytes(random: $0), to: publicKey)
    }
    encrypted += [[UInt8](repeating: 0xFF, count: 256), [UInt8](repeating: 0, count: 256), Random.bytes(256)]
    encrypted += [[UInt8](repeating: 0, count: 255) + [1], Random.bytes(255), Random.bytes(257), Random.bytes(128)]
    for bytes in encrypted {
      let changed = SampleEncryption.replacing(1, of: token, with: bytes)
      #expect(throws: JOSEError.decryptionFailed) { try decrypter.decrypt(compact: changed) }
    }
  }

  private func publicKey(_ key: DecryptionKey) throws -> PublicKey {
    try PublicKey(pem: key.encryptionKey.pem)
  }

  @Test func headersAreRefusedWithTheirReason() throws {
    let key = try DecryptionKey(
      parse(#"{"kty":"oct","kid":"k","alg":"dir","k":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}"#))
    let decrypter = try TokenDecrypter(keys: [key])
    let shared = SecretBytes(copying: [UInt8](repeating: 0, count: 32))
    let good = #""alg":"dir","enc":"A256GCM","kid":"k""#
    let cases: [(String, JOSEError?)] = [
      ("{\(good)}", nil), (#"{"alg":"dir","enc":"A256GCM"}"#, nil), (#"{\#(good),"unknown":[1],"p2c":1}"#, nil),
      (#"{\#(good),"zip":"DEF"}"#, .compressed), (#"{\#(good),"zip":null}"#, .compressed),
      (#"{\#(good),"crit":["exp"]}"#, .criticalHeader), (#"{\#(good),"crit":[]}"#, .criticalHeader),
      (#"{\#(good),"jwk":{}}"#, .keyInHeader), (#"{\#(good),"jku":"https://a.example"}"#, .keyInHeader),
      (#"{\#(good),"x5u":""}"#, .keyInHeader), (#"{\#(good),"x5c":[]}"#, .keyInHeader),
      (#"{\#(good),"kid":"k"}"#, .invalidHeader), (#"{\#(good),"\u0061lg":"dir"}"#, .invalidHeader),
      (#"{\#(good),"typ":1}"#, .invalidHeader), (#"{\#(good),"cty":{}}"#, .invalidHeader),
      (#"{"enc":"A256GCM"}"#, .missingAlgorithm), (#"{"alg":"dir"}"#, .missingEncryption),
      (#"{"alg":1,"enc":"A256GCM"}"#, .invalidHeader), (#"{"alg":"dir","enc":["A256GCM"]}"#, .invalidHeader),
      (#"{"alg":"dir","enc":"A256GCM","kid":1}"#, .invalidHeader),
      (#"{"alg":"dir","enc":"A256GCM","kid":"other"}"#, .unknownKey),
      (#"{"alg":"dir","enc":"A256GCM","kid":"\u212a"}"#, .unknownKey),
      (#"{"alg":"none","enc":"A256GCM"}"#, .algorithmMismatch), (#"{"alg":"DIR","enc":"A256GCM"}"#, .algorithmMismatch),
      (#"{"alg":"A256KW","enc":"A256GCM"}"#, .algorithmMismatch),
      (#"{"alg":"RSA1_5","enc":"A256GCM"}"#, .algorithmMismatch),
      (#"{"alg":"PBES2-HS256+A128KW","enc":"A256GCM","p2c":2147483648,"p2s":"AAAA"}"#, .algorithmMismatch),
      (#"{"alg":"dir","enc":"A128GCM"}"#, .encryptionMismatch),
      (#"{"alg":"dir","enc":"A192GCM"}"#, .encryptionMismatch),
      (#"{"alg":"dir","enc":"a256gcm"}"#, .encryptionMismatch),
      (#"["alg"]"#, .invalidHeader), ("", .invalidHeader), ("{\(good)} x", .invalidHeader), ("null", .invalidHeader),
    ]
    for (header, expected) in cases {
      let token = try SampleEncryption.token(header: header, key: shared)
      if let expected {
        #expect(throws: expected, "\(header)") { try decrypter.decrypt(compact: token) }
      } else {
        #expect(text(try decrypter.decrypt(compact: token).plaintext) == "text", "\(header)")
      }
    }
  }

  @Test func partsAreRefusedWithTheirReason() throws {
    let key = try DecryptionKey.generate(.direct, .a256GCM)
    let decrypter = try TokenDecrypter(keys: [key])
    let token = try encrypt([1, 2, 3], to: key.encryptionKey, .a256GCM)
    let parts = SampleEncryption.parts(token).map { text($0) }
    let cases: [(Int, String, JOSEError)] = [
      (1, "AAAA", .encryptedKeyMismatch), (2, "", .invalidContentSize), (2, parts[2] + "A", .invalidContentSize),
      (2, String(parts[2].dropLast(2)), .invalidContentSize), (4, "", .invalidContentSize),
      (4, parts[4] + "AA", .invalidContentSize), (4, String(parts[4].dropLast(2)), .invalidContentSize),
      (2, String(parts[2].dropLast()) + "=", .invalidBase64URL), (3, parts[3] + "=", .invalidBase64URL),
      (3, parts[3] + "+", .invalidBase64URL), (4, String(parts[4].dropLast()) + "/", .invalidBase64URL),
      // The last character of 16 bytes has four unused bits.
      (4, String(parts[4].dropLast()) + "_", .invalidBase64URL), (0, parts[0] + "=", .invalidBase64URL),
      (0, "", .invalidHeader),
    ]
    for (index, part, expected) in cases {
      #expect(throws: expected, "part \(index): \(part)") {
        try decrypter.decrypt(compact: SampleEncryption.replacing(index, of: token, with: part))
      }
    }
    for token in ["", ".", "...", ".....", "a.b.c.d", "a.b.c", #"{"protected":"e30"}"#] {
      #expect(throws: JOSEError.malformed, "\(token)") { try decrypter.decrypt(compact: Array(token.utf8)) }
    }
    #expect(throws: JOSEError.invalidHeader) { try decrypter.decrypt(compact: Array("....".utf8)) }
    let wrapping = try DecryptionKey.generate(.a256KW)
    let wrapped = try encrypt([1], to: wrapping.encryptionKey, .a256GCM)
    #expect(throws: JOSEError.encryptedKeyMismatch) {
      try TokenDecrypter(keys: [wrapping]).decrypt(compact: SampleEncryption.replacing(1, of: wrapped, with: ""))
    }
  }

  @Test func ephemeralKeysAreRefused() throws {
    let key = try DecryptionKey.generate(.ecdhES)
    let octetKey = try DecryptionKey.generate(.ecdhES, kind: .x25519)
    let point = #""kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU""#
    let y = #""y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0""#
    let zeros = String(repeating: "A", count: 43)
    let onCurve: [(String, JOSEError)] = [
      ("{\(point),\(y)}", .decryptionFailed), (#"{\#(point),\#(y),"unknown":1}"#, .decryptionFailed),
      ("{\(point)}", .invalidEphemeralKey), ("null", .invalidEphemeralKey), ("[]", .invalidEphemeralKey),
      ("{}", .invalidEphemeralKey), (#"{\#(point),"y":"\#(zeros)"}"#, .invalidEphemeralKey),
      (#"{\#(point),\#(y),"d":"\#(zeros)"}"#, .invalidEphemeralKey),
      (#"{\#(point),\#(y),"use":"sig"}"#, .invalidEphemeralKey),
      (#"{\#(point),"y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a1"}"#, .invalidEphemeralKey),
      (#"{\#(point),"y":"AMfxRM0bvZt-hyzf7bnuufSzaV1uqQskrYpGIyiFiOWt"}"#, .invalidEphemeralKey),
      (#"{"kty":"EC","crv":"P-256","x":"\#(zeros)","y":"\#(zeros)"}"#, .invalidEphemeralKey),
      (#"{"kty":"OKP","crv":"X25519","x":"hSDwCYkwp1R0i33ctD73Wg2_Og0mOBr066SpjqqbTmo"}"#, .invalidEphemeralKey),
      (try jwk(.ecdhES, .p384), .invalidEphemeralKey), (try jwk(.rsaOAEP256, nil), .invalidEphemeralKey),
    ]
    for (epk, expected) in onCurve { try refused(epk, key, expected) }
    try refused(nil, key, .invalidEphemeralKey)
    let octets: [(String, JOSEError)] = [
      (#"{"kty":"OKP","crv":"X25519","x":"hSDwCYkwp1R0i33ctD73Wg2_Og0mOBr066SpjqqbTmo"}"#, .decryptionFailed),
      (#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#, .invalidEphemeralKey),
      (#"{"kty":"OKP","crv":"X25519","x":"\#(zeros)"}"#, .invalidEphemeralKey),
      (#"{"kty":"OKP","crv":"X25519","x":"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}"#, .invalidEphemeralKey),
      (#"{"kty":"OKP","crv":"X25519","x":"AAAA"}"#, .invalidEphemeralKey),
      (#"{"kty":"OKP","crv":"X448","x":"\#(zeros)"}"#, .invalidEphemeralKey), ("{\(point),\(y)}", .invalidEphemeralKey),
    ]
    for (epk, expected) in octets { try refused(epk, octetKey, expected) }
  }

  private func jwk(_ algorithm: KeyManagementAlgorithm, _ kind: KeyKind?) throws -> String {
    var writer = JSONWriter()
    try DecryptionKey.generate(algorithm, kind: kind).encryptionKey.write(into: &writer)
    return text(writer.bytes)
  }

  private func refused(_ epk: String?, _ key: DecryptionKey, _ expected: JOSEError) throws {
    let member = epk.map { #","epk":\#($0)"# } ?? ""
    let token = try SampleEncryption.token(
      header: #"{"alg":"ECDH-ES","enc":"A256GCM"\#(member)}"#, key: SecretBytes(random: 32))
    #expect(throws: expected, "\(epk ?? "none")") { try TokenDecrypter(keys: [key]).decrypt(compact: token) }
  }

  @Test func partiesAreRefused() throws {
    let bob = try TokenDecrypter(keys: [try DecryptionKey(parse(PublishedEncryption.bobKey))])
    let longest = String(repeating: "A", count: 683)
    for (party, expected) in [
      (#""QQ""#, JOSEError.decryptionFailed), (#""\#(longest)""#, .decryptionFailed), (#""""#, .decryptionFailed),
      (#""\#(longest)AAA""#, .invalidHeader), (#""QQ==""#, .invalidHeader), (#""QR""#, .invalidHeader),
      (#""Q""#, .invalidHeader), ("1", .invalidHeader), ("null", .invalidHeader), (#"["QQ"]"#, .invalidHeader),
    ] {
      for name in [#""QWxpY2U""#, #""Qm9i""#] {
        let header = PublishedEncryption.aliceHeader.replacing(name, with: party)
        let token = try SampleEncryption.token(header: header, key: SecretBytes(random: 16), cipher: .aes128GCM)
        #expect(throws: expected, "\(party)") { try bob.decrypt(compact: token) }
      }
    }
  }

  @Test func aKidMeansOneKey() throws {
    let one = try DecryptionKey.generate(.a256KW)
    let two = try DecryptionKey.generate(.ecdhES)
    #expect(throws: JOSEError.duplicateKeyID) { try TokenDecrypter(keys: [one, two, one]) }
    let nameless = try DecryptionKey(parse(PublishedEncryption.bobKey))
    let decrypter = try TokenDecrypter(keys: [one, two, nameless])
    for key in [one, two] {
      #expect(
        try decrypter.decrypt(compact: try encrypt([1], to: key.encryptionKey, .a256GCM)).kid == key.kid)
    }
    // Without a name the header has none, which is enough for one key only; by its thumbprint it is found.
    let token = try encrypt([1], to: nameless.encryptionKey, .a256GCM)
    #expect(try UnverifiedToken(compact: token).header["kid"] == nil)
    #expect(throws: JOSEError.missingKeyID) { try decrypter.decrypt(compact: token) }
    #expect(try TokenDecrypter(keys: [nameless]).decrypt(compact: token).plaintext == [1])
    let print = nameless.encryptionKey.thumbprint
    let named = try EncryptionKey(
      key: try PublicKey(pem: nameless.encryptionKey.pem), algorithm: .ecdhES, kid: print)
    #expect(try decrypter.decrypt(compact: try encrypt([1], to: named, .a256GCM)).plaintext == [1])
    #expect(throws: JOSEError.unknownKey) {
      try TokenDecrypter(keys: [one]).decrypt(compact: try encrypt([1], to: two.encryptionKey, .a256GCM))
    }
    #expect(throws: JOSEError.missingKeyID) { try TokenDecrypter(keys: []).decrypt(compact: token) }
    let shared = try DecryptionKey(parse(PublishedEncryption.directKey.replacing(#""kid":"#, with: #""name":"#)))
    #expect(shared.kid == nil)
    #expect(throws: JOSEError.missingKeyID) { try TokenDecrypter(keys: [shared, one]) }
    let direct = try encrypt([2], to: shared.encryptionKey, .a128GCM)
    #expect(try TokenDecrypter(keys: [shared]).decrypt(compact: direct).plaintext == [2])
  }
}
