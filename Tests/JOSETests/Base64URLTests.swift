// base64url: RFC 4648 10 without padding, and each way of not being canonical.

import JOSE
import OpenSSL
import Testing

@Suite struct Base64URLTests {
  @Test(arguments: [
    ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("fooba", "Zm9vYmE"),
    ("foobar", "Zm9vYmFy"),
  ])
  func published(plain: String, encoded: String) throws {
    #expect(Base64URL.encode(Array(plain.utf8)) == encoded)
    #expect(try Base64URL.decode(encoded) == Array(plain.utf8))
  }

  @Test(arguments: [
    "A", "AAAAA", "Zg==", "Zg=", "Zh", "Zm9=", "Zm9", "Zm 9v", "Zm9v\n", "Zm+v", "Zm/v", "Zmév", "Zm.v",
  ])
  func refused(encoded: String) {
    #expect(throws: JOSEError.invalidBase64URL) { try Base64URL.decode(encoded) }
  }

  @Test func everySizeAndByte() throws {
    #expect(Base64URL.encode([0xFB, 0xFF, 0xBF]) == "-_-_")
    for size in 0..<100 {
      let bytes = Random.bytes(size)
      let encoded = Base64URL.encode(bytes)
      #expect(encoded.utf8.count == Base64URL.encodedSize(size))
      #expect(try Base64URL.decode(encoded) == bytes)
    }
    var output: [UInt8] = [1]
    Base64URL.encode(Array("foo".utf8), into: &output)
    #expect(output == [1] + Array("Zm9v".utf8))
  }
}
