// What encryption is made of, against published figures, and by its refusals.

import OpenSSL
import Testing

@Suite struct EncryptionTests {
  static let ciphers: [AuthenticatedCipher] = [
    .aes128GCM, .aes256GCM, .aes128CBCHMACSHA256, .aes256CBCHMACSHA512,
  ]
  /// RFC 7518 B: the same text, associated data and nonce for all.
  let text = Array(
    """
    A cipher system must not be required to be secret, and it must be able to fall into the hands of the enemy \
    without inconvenience
    """.utf8)
  let kerckhoffs = Array("The second principle of Auguste Kerckhoffs".utf8)
  let nonce = bytes(hex: "1af38c2dc2b96ffdd86694092341bc04")

  @Test(arguments: [
    (
      AuthenticatedCipher.aes128CBCHMACSHA256,
      """
      c80edfa32ddf39d5ef00c0b468834279a2e46a1b8049f792f76bfe54b903a9c9a94ac9b47ad2655c5f10f9aef71427e2fc6f9b3f399a2214\
      89f16362c703233609d45ac69864e3321cf82935ac4096c86e133314c54019e8ca7980dfa4b9cf1b384c486f3a54c51078158ee5d79de59f\
      bd34d848b3d69550a67646344427ade54b8851ffb598f7f80074b9473c82e2db
      """, "652c3fa36b0a7c5b3219fab3a30bc1c4"
    ),
    (
      .aes256CBCHMACSHA512,
      """
      4affaaadb78c31c5da4b1b590d10ffbd3dd8d5d302423526912da037ecbcc7bd822c301dd67c373bccb584ad3e9279c2e6d12a1374b77f07\
      7553df829410446b36ebd97066296ae6427ea75c2e0846a11a09ccf5370dc80bfecbad28c73f09b3a3b75e662a2594410ae496b2e2e6609e\
      31e6e02cc837f053d21f37ff4f51950bbe2638d09dd7a4930930806d0703b1f6
      """, "4dd3b4c088a7f45c216839645b2012bf2e6269a8c56a816dbc1b267761955bc5"
    ),
  ]) func publishedCBC(cipher: AuthenticatedCipher, ciphertext: String, tag: String) throws {
    // RFC 7518 B.1 and B.3: the key's bytes count up from 0.
    let key = SecretBytes(copying: (0..<cipher.keySize).map { UInt8($0) })
    let sealed = try seal(cipher, text, key, nonce, kerckhoffs)
    #expect(sealed.ciphertext == bytes(hex: ciphertext))
    #expect(sealed.tag == bytes(hex: tag))
    #expect(try open(cipher, sealed.ciphertext, sealed.tag, key, nonce, kerckhoffs) == text)
  }

  @Test func publishedGCM() throws {
    // The GCM specification's test case 4.
    let key = SecretBytes(copying: bytes(hex: "feffe9928665731c6d6a8f9467308308"))
    let text = bytes(
      hex: """
        d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657\
        ba637b39
        """)
    let sealed = try seal(
      .aes128GCM, text, key, bytes(hex: "cafebabefacedbaddecaf888"),
      bytes(hex: "feedfacedeadbeeffeedfacedeadbeefabaddad2"))
    let expected = """
      42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac97\
      3d58e091
      """
    #expect(sealed.ciphertext == bytes(hex: expected))
    #expect(sealed.tag == bytes(hex: "5bc94fbc3221a5db94fae95ae7121a47"))
  }

  @Test(arguments: ciphers) func everyBitCounts(cipher: AuthenticatedCipher) throws {
    let key = SecretBytes(random: cipher.keySize)
    let nonce = Random.bytes(cipher.nonceSize)
    for size in [0, 1, 15, 16, 17, 100] {
      let text = Random.bytes(size)
      let sealed = try seal(cipher, text, key, nonce, [1, 2])
      #expect(sealed.ciphertext.count == cipher.ciphertextSize(size))
      #expect(sealed.tag.count == cipher.tagSize)
      #expect(try open(cipher, sealed.ciphertext, sealed.tag, key, nonce, [1, 2]) == text)
      for index in sealed.ciphertext.indices {
        refused(cipher, flipped(sealed.ciphertext, index), sealed.tag, key, nonce, [1, 2])
      }
      for index in sealed.tag.indices {
        refused(cipher, sealed.ciphertext, flipped(sealed.tag, index), key, nonce, [1, 2])
      }
      refused(cipher, sealed.ciphertext, sealed.tag.dropLast(), key, nonce, [1, 2])
      refused(cipher, sealed.ciphertext, sealed.tag + [0], key, nonce, [1, 2])
      refused(cipher, sealed.ciphertext + [0], sealed.tag, key, nonce, [1, 2])
      refused(cipher, sealed.ciphertext, sealed.tag, key, flipped(nonce, 0), [1, 2])
      refused(cipher, sealed.ciphertext, sealed.tag, key, nonce.dropLast(), [1, 2])
      for data in [[], [1], [1, 3], [1, 2, 0]] as [[UInt8]] {
        refused(cipher, sealed.ciphertext, sealed.tag, key, nonce, data)
      }
      refused(cipher, sealed.ciphertext, sealed.tag, SecretBytes(random: cipher.keySize), nonce, [1, 2])
      refused(cipher, sealed.ciphertext, sealed.tag, SecretBytes(random: 24), nonce, [1, 2])
    }
    #expect(throws: OpenSSLError.self) { try seal(cipher, [], SecretBytes(random: 8), nonce, []) }
    #expect(throws: OpenSSLError.self) { try seal(cipher, [], key, nonce + [0], []) }
  }

  @Test(arguments: [
    ("00112233445566778899aabbccddeeff", "64e8c3f9ce0f5ba263e9777905818a2a93c8191e7d6e8ae7"),
    (
      "00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f",
      "28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21"
    ),
  ]) func publishedKeyWrap(key: String, wrapped: String) throws {
    // RFC 3394 4.3 and 4.6.
    let wrapping = SecretBytes(copying: (0..<32).map { UInt8($0) })
    let key = bytes(hex: key)
    let wrapped = bytes(hex: wrapped)
    #expect(try AESKeyWrap.wrap(SecretBytes(copying: key), with: wrapping) == wrapped)
    #expect(try AESKeyWrap.unwrapOrRandom(wrapped, with: wrapping, size: key.count).withBytes { Array($0) } == key)
    for index in wrapped.indices {
      let other = try AESKeyWrap.unwrapOrRandom(flipped(wrapped, index), with: wrapping, size: key.count)
      #expect(other.count == key.count)
      #expect(other.withBytes { Array($0) } != key)
    }
    for bad in [wrapped + [0], wrapped.dropLast(8), []] as [[UInt8]] {
      #expect(try AESKeyWrap.unwrapOrRandom(bad, with: wrapping, size: key.count).count == key.count)
    }
    #expect(throws: OpenSSLError.self) {
      try AESKeyWrap.unwrapOrRandom(wrapped, with: SecretBytes(random: 16), size: key.count)
    }
  }

  @Test func publishedDerivation() throws {
    // RFC 7518 C: ECDH-ES for A128GCM, from Alice to Bob.
    let secret = SecretBytes(
      copying: [
        158, 86, 217, 29, 129, 113, 53, 211, 114, 131, 66, 131, 191, 132, 38, 156, 251, 49, 110, 163, 218, 128, 106,
        72, 246, 218, 167, 121, 140, 254, 144, 196,
      ])
    let info =
      [0, 0, 0, 7] + Array("A128GCM".utf8) + [0, 0, 0, 5] + Array("Alice".utf8) + [0, 0, 0, 3] + Array("Bob".utf8)
      + [0, 0, 0, 128]
    let key = try ConcatKDF.derive(from: secret, info: info, size: 16)
    #expect(
      key.withBytes { Array($0) } == [86, 170, 141, 234, 248, 35, 109, 32, 92, 34, 40, 205, 113, 167, 16, 26])
    // More than one digest's worth begins with the same.
    let longer = try ConcatKDF.derive(from: secret, info: info, size: 64)
    #expect(longer.withBytes { Array($0[..<16]) } == key.withBytes { Array($0) })
  }

  @Test(arguments: [KeyKind.p256, .p384, .p521, .x25519]) func agreement(kind: KeyKind) throws {
    let key = try PrivateKey.generate(kind)
    let (secret, ephemeral) = try KeyAgreement.secretWithNewKey(for: key.publicKey)
    #expect(secret.count == kind.curve?.size ?? 32)
    let same = try KeyAgreement.secret(of: key, with: try PublicKey(ephemeral))
    #expect(constantTimeEqual(same, secret))
    #expect(try KeyAgreement.secretWithNewKey(for: key.publicKey).ephemeral != ephemeral)
    let other = try PrivateKey.generate(kind)
    #expect(!constantTimeEqual(try KeyAgreement.secret(of: other, with: try PublicKey(ephemeral)), secret))
    for kind in [KeyKind.p256, .p384, .x25519, .ed25519, .rsa(bits: 2048)] where kind != key.kind {
      let stranger = try PrivateKey.generate(kind).publicKey
      #expect(throws: OpenSSLError.self) { try KeyAgreement.secret(of: key, with: stranger) }
    }
  }

  @Test func publishedAgreement() throws {
    // RFC 7748 6.1, which RFC 8037 A.6 uses too.
    let bob = try PrivateKey(
      .okp(.x25519, x: bytes(hex: "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f")),
      PrivateParameters([
        (.d, bytes(hex: "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb"))
      ]))
    let alice = try PublicKey(
      .okp(.x25519, x: bytes(hex: "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a")))
    let secret = try KeyAgreement.secret(of: bob, with: alice)
    #expect(
      secret.withBytes { Array($0) }
        == bytes(hex: "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742"))
  }

  @Test(arguments: [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  ]) func pointsOfLowOrderAreRefused(point: String) throws {
    // Curve25519's points of order 1, 2, 4 and 8, and their other encodings.
    let peer = try PublicKey(.okp(.x25519, x: bytes(hex: point)))
    let key = try PrivateKey.generate(.x25519)
    #expect(throws: OpenSSLError.self) { try KeyAgreement.secret(of: key, with: peer) }
    #expect(throws: OpenSSLError.self) { try KeyAgreement.secretWithNewKey(for: peer) }
  }

  @Test func secretsForRSAKeys() throws {
    let key = try PrivateKey.generate(.rsa(bits: 2048))
    for size in [16, 32, 64, 190] {
      let secret = SecretBytes(random: size)
      let encrypted = try RSAOAEP.encrypt(secret, to: key.publicKey)
      #expect(encrypted.count == 256)
      #expect(try RSAOAEP.encrypt(secret, to: key.publicKey) != encrypted)
      #expect(constantTimeEqual(try RSAOAEP.decryptOrRandom(encrypted, with: key, size: size), secret))
      for bad in [flipped(encrypted, 255), [0] + encrypted, encrypted.dropLast(), [], encrypted.map { _ in 255 }]
        as [[UInt8]]
      {
        let other = try RSAOAEP.decryptOrRandom(bad, with: key, size: size)
        #expect(other.count == size)
        #expect(!constantTimeEqual(other, secret))
      }
      #expect(try RSAOAEP.decryptOrRandom(encrypted, with: key, size: size - 1).count == size - 1)
      #expect(try RSAOAEP.decryptOrRandom(encrypted, with: key, size: size + 1).count == size + 1)
    }
    #expect(throws: OpenSSLError.self) { try RSAOAEP.encrypt(SecretBytes(random: 191), to: key.publicKey) }
    let other = try PrivateKey.generate(.p256)
    #expect(throws: OpenSSLError.self) { try RSAOAEP.encrypt(SecretBytes(random: 16), to: other.publicKey) }
    #expect(throws: OpenSSLError.self) { try RSAOAEP.decryptOrRandom([], with: other, size: 16) }
  }

  @Test func secretsWipeAndHideThemselves() {
    let secret = SecretBytes(copying: [1, 2, 3])
    #expect("\(secret)" == "SecretBytes(3)")
    #expect(String(reflecting: secret) == "SecretBytes(3)")
    #expect(Mirror(reflecting: secret).children.isEmpty)
    #expect(secret.withBytes { Array($0) } == [1, 2, 3])
  }

  private func flipped(_ bytes: [UInt8], _ index: Int) -> [UInt8] {
    var bytes = bytes
    bytes[index] ^= 1
    return bytes
  }

  private func seal(
    _ cipher: AuthenticatedCipher, _ text: [UInt8], _ key: SecretBytes, _ nonce: [UInt8], _ data: [UInt8]
  ) throws -> AuthenticatedCipher.Sealed {
    try key.withBytes { key in
      try text.withBytes { text in
        try data.withBytes { try cipher.seal(text, key: key, nonce: nonce, associatedData: $0) }
      }
    }
  }

  private func open(
    _ cipher: AuthenticatedCipher, _ ciphertext: [UInt8], _ tag: [UInt8], _ key: SecretBytes, _ nonce: [UInt8],
    _ data: [UInt8]
  ) throws -> [UInt8] {
    try key.withBytes { key in
      try ciphertext.withBytes { ciphertext in
        try data.withBytes { try cipher.open(ciphertext, tag: tag, key: key, nonce: nonce, associatedData: $0) }
      }
    }
  }

  private func refused(
    _ cipher: AuthenticatedCipher, _ ciphertext: [UInt8], _ tag: [UInt8], _ key: SecretBytes, _ nonce: [UInt8],
    _ data: [UInt8], _ location: SourceLocation = #_sourceLocation
  ) {
    #expect(throws: OpenSSLError.self, sourceLocation: location) {
      try open(cipher, ciphertext, tag, key, nonce, data)
    }
  }
}
