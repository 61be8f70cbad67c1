// The two libraries compute what RFC 9106 says, and the same as each other.

import Testing

@testable import Passwords

@Suite struct Argon2Tests {
  init() { Argon2.start() }

  /// RFC 9106 section 5.3.
  @Test func vector() throws {
    let parameters = try Argon2Parameters(memoryKiB: 32, iterations: 3, parallelism: 4)
    let tag = Array(repeating: UInt8(1), count: 32).withUnsafeBytes {
      Argon2.referenceTag(
        $0, salt: Array(repeating: 2, count: 16), parameters: parameters, count: 32,
        secret: Array(repeating: 3, count: 8), associatedData: Array(repeating: 4, count: 12))
    }
    #expect(
      tag == [
        0x0d, 0x64, 0x0d, 0xf5, 0x8d, 0x78, 0x76, 0x6c, 0x08, 0xc0, 0x37, 0xa3, 0x4a, 0x8b, 0x53, 0xc9,
        0xd0, 0x1e, 0xf0, 0x45, 0x2d, 0x75, 0xb6, 0x5e, 0xb5, 0x25, 0x20, 0xe9, 0x6b, 0x01, 0xe6, 0x59,
      ])
  }

  @Test func librariesAgree() throws {
    var random = SystemRandomNumberGenerator()
    for round in 0..<1_000 {
      let password = Argon2.random(round % 70)
      let salt = Argon2.random(16)
      let count = Int.random(in: 16...64, using: &random)
      let parameters = try Argon2Parameters(
        memoryKiB: .random(in: 8...96, using: &random), iterations: round % 3 + 1, parallelism: 1)
      let (one, other) = password.withUnsafeBytes { bytes in
        (
          Argon2.sodiumTag(bytes, salt: salt, parameters: parameters, count: count),
          Argon2.referenceTag(bytes, salt: salt, parameters: parameters, count: count)
        )
      }
      try #require(one != nil && one == other, "round \(round): \(parameters), tag of \(count)")
    }
  }

  /// What libsodium refuses goes to libargon2, with the same answer as asking it directly.
  @Test(arguments: [(1, 8), (1, 24), (4, 16)])
  func othersGoToTheReference(lanes: Int, salt: Int) throws {
    let parameters = try Argon2Parameters(memoryKiB: 64, iterations: 1, parallelism: lanes)
    let salt = Argon2.random(salt)
    Array("password".utf8).withUnsafeBytes { bytes in
      let tag = Argon2.tag(bytes, salt: salt, parameters: parameters, count: 32)
      #expect(tag != nil)
      #expect(tag == Argon2.referenceTag(bytes, salt: salt, parameters: parameters, count: 32))
    }
  }

  @Test func limits() {
    for (memory, iterations, lanes) in [
      (7, 1, 1), (31, 1, 4), (1_048_577, 1, 1), (64, 0, 1), (64, 1_025, 1), (64, 1, 0), (1_024, 1, 65), (1 << 20, 5, 1),
      (.min, .min, .min), (.max, .max, .max),
    ] {
      #expect(throws: PasswordError.outOfRange) {
        try Argon2Parameters(memoryKiB: memory, iterations: iterations, parallelism: lanes)
      }
    }
    #expect(throws: Never.self) { try Argon2Parameters(memoryKiB: 1 << 20, iterations: 4, parallelism: 64) }
  }
}
