// Digests, MACs and sealing against published figures; random bytes and comparison by their properties.

import OpenSSL
import Testing

func bytes(hex: String) -> [UInt8] {
  let digits = Array(hex.utf8).map { UInt8($0 > 0x60 ? $0 - 0x57 : $0 - 0x30) }
  return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}

@Suite struct OpenSSLTests {
  @Test func sha256() {
    // FIPS 180-2 B.1, and the empty text.
    let abc = bytes(hex: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(Digest.sha256(Array("abc".utf8)) == abc)
    let empty = bytes(hex: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    #expect(Digest.sha256([]) == empty)
  }

  @Test func hmac() throws {
    // RFC 4231 4.2 and 4.3; the context is used again and again.
    let first = try HMACSHA256(key: [UInt8](repeating: 0x0B, count: 20))
    let tag = bytes(hex: "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7")
    for _ in 0..<3 { #expect(first.tag(Array("Hi There".utf8)) == tag) }
    let second = try HMACSHA256(key: Array("Jefe".utf8))
    let other = bytes(hex: "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
    let question = Array("what do ya want for nothing?".utf8)
    #expect(second.tag(question) == other)
    #expect(first.tag([]).count == 32)
    let longer: [(HashFunction, String)] = [
      (
        .sha384,
        "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649"
      ),
      (
        .sha512,
        """
        164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fd\
        caeab1a34d4a6b4b636e070a38bce737
        """
      ),
    ]
    for (hash, expected) in longer {
      #expect(try HMAC(key: Array("Jefe".utf8), hash: hash).tag(question) == bytes(hex: expected))
    }
    let message = Array("Hi There".utf8)
    message.withUnsafeBytes { message in
      tag.withUnsafeBytes { tag in
        #expect(first.isTag(tag, of: message))
        #expect(first.isTag(UnsafeRawBufferPointer(rebasing: tag[..<16]), of: message))
        #expect(!first.isTag(UnsafeRawBufferPointer(rebasing: tag[..<15]), of: message))
        #expect(!first.isTag(UnsafeRawBufferPointer(rebasing: tag[1..<17]), of: message))
      }
    }
  }

  @Test func sealing() throws {
    let key = Random.bytes(32)
    let text = Array("a private key".utf8)
    let sealed = try AES256GCM.seal(text, key: key, associatedData: [1, 2])
    #expect(sealed.count == 12 + text.count + 16)
    #expect(try AES256GCM.open(sealed, key: key, associatedData: [1, 2]) == text)
    #expect(try AES256GCM.seal(text, key: key, associatedData: [1, 2]) != sealed)
    for index in sealed.indices {
      var changed = sealed
      changed[index] ^= 1
      #expect(throws: OpenSSLError.self) { try AES256GCM.open(changed, key: key, associatedData: [1, 2]) }
    }
    #expect(throws: OpenSSLError.self) { try AES256GCM.open(sealed, key: key, associatedData: [1, 3]) }
    #expect(throws: OpenSSLError.self) { try AES256GCM.open(sealed, key: Random.bytes(32), associatedData: [1, 2]) }
    #expect(throws: OpenSSLError.self) { try AES256GCM.open([1], key: key, associatedData: []) }
    #expect(throws: OpenSSLError.self) { try AES256GCM.seal(text, key: [1], associatedData: []) }
    let empty = try AES256GCM.seal([], key: key, associatedData: [])
    #expect(try AES256GCM.open(empty, key: key, associatedData: []).isEmpty)
  }

  @Test func sealingOpensAPublishedCase() throws {
    // The GCM specification's test case 14: a key and nonce of zeros, one block of zeros.
    let sealed =
      [UInt8](repeating: 0, count: 12)
      + bytes(hex: "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919")
    let text = try AES256GCM.open(sealed, key: [UInt8](repeating: 0, count: 32), associatedData: [])
    #expect(text == [UInt8](repeating: 0, count: 16))
  }

  @Test func randomBytesDiffer() {
    #expect(Random.bytes(0).isEmpty)
    #expect(Random.bytes(32).count == 32)
    #expect(Random.bytes(32) != Random.bytes(32))
  }

  @Test func comparingAndWiping() {
    #expect(constantTimeEqual([1, 2], [1, 2]))
    #expect(!constantTimeEqual([1, 2], [1, 3]))
    #expect(!constantTimeEqual([1, 2], [1]))
    #expect(constantTimeEqual([UInt8](), []))
    var secret: [UInt8] = [1, 2, 3]
    wipe(&secret)
    #expect(secret.isEmpty)
  }
}
