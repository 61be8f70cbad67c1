// What somebody sends who wants the server to work: refused before the work, so in bounded time and memory.

import JOSE
import JSON
import OpenSSL
import Testing

@Suite struct HostileEncryptionTests {
  private static let megabytes = 10 << 20

  private let keys: [DecryptionKey]

  init() throws {
    keys = try [.a256KW, .direct, .ecdhES, .rsaOAEP256].map { try DecryptionKey.generate($0) }
  }

  private func refused(_ token: [UInt8], _ expected: JOSEError, size: Int = TokenDecrypter.defaultSize) throws {
    for key in keys {
      let decrypter = try TokenDecrypter(keys: [key], size: size)
      let start = ContinuousClock.now
      #expect(throws: expected) { try decrypter.decrypt(compact: token) }
      // Generous for a debug build on a busy machine; the work asked for would take many minutes.
      #expect(ContinuousClock.now - start < .seconds(30))
    }
  }

  private func token(header: String) throws -> [UInt8] {
    try SampleEncryption.token(header: header, encryptedKey: Random.bytes(40), key: SecretBytes(random: 32))
  }

  @Test func iterationsAreNotCounted() throws {
    for count in ["2147483648", "9223372036854775807", "1"] {
      let header = #"{"alg":"PBES2-HS512+A256KW","enc":"A256GCM","p2s":"AAAAAAAAAAA","p2c":\#(count)}"#
      try refused(try token(header: header), .algorithmMismatch)
    }
  }

  @Test func bombsAreNotInflated() throws {
    // Whatever the content is: the header alone refuses it.
    for algorithm in KeyManagementAlgorithm.allCases {
      try refused(
        try token(header: #"{"alg":"\#(algorithm.rawValue)","enc":"A256GCM","zip":"DEF"}"#), .compressed)
    }
  }

  @Test func largeHeadersAreNotParsed() throws {
    let padding = String(repeating: "a", count: Self.megabytes)
    let large = try token(header: #"{"alg":"dir","enc":"A256GCM","x":"\#(padding)"}"#)
    try refused(large, .tooLarge)
    // Nor when the caller has allowed large tokens.
    try refused(large, .tooLarge, size: 64 << 20)
    let deep = try token(header: #"{"alg":"dir","enc":"A256GCM","x":"# + String(repeating: "[", count: 2000))
    try refused(deep, .invalidHeader)
    let members = (0..<200).map { #","x\#($0)":1"# }.joined()
    try refused(try token(header: #"{"alg":"none","enc":"A256GCM"\#(members)}"#), .algorithmMismatch)
  }

  @Test func largeTokensAreNotRead() throws {
    try refused([UInt8](repeating: UInt8(ascii: "."), count: Self.megabytes), .tooLarge)
    try refused([UInt8](repeating: UInt8(ascii: "."), count: Self.megabytes), .malformed, size: 64 << 20)
    try refused([UInt8](repeating: UInt8(ascii: "A"), count: Self.megabytes), .malformed, size: 64 << 20)
    #expect(throws: JOSEError.tooLarge) {
      try UnverifiedToken(compact: [UInt8](repeating: UInt8(ascii: "."), count: Self.megabytes))
    }
  }

  /// The parts behind a good header are bounded by the token's size, and an encrypted key of any size is refused.
  @Test func largePartsAreRefused() throws {
    let key = try DecryptionKey.generate(.a256KW)
    let token = try encrypt([1], to: key.encryptionKey, .a256GCM)
    let decrypter = try TokenDecrypter(keys: [key], size: 64 << 20)
    let large = [UInt8](repeating: 7, count: 1 << 20)
    for (index, expected) in [
      (1, JOSEError.decryptionFailed), (2, .invalidContentSize), (3, .decryptionFailed), (4, .invalidContentSize),
    ] {
      let start = ContinuousClock.now
      #expect(throws: expected) {
        try decrypter.decrypt(compact: SampleEncryption.replacing(index, of: token, with: large))
      }
      #expect(ContinuousClock.now - start < .seconds(30))
    }
  }
}
