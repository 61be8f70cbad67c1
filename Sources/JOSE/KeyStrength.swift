// What a public key must satisfy before a signature by it means anything.

import OpenSSL

extension PublicParameters {
  /// Throws `costlyKey` where a signature by it takes long to verify. Only RSA has such keys: 4096 bits take 0.07 ms with the
  /// usual exponent and 0.15 ms with the largest of four bytes; 8192 bits 0.5 ms with that, and more with longer ones.
  func checkCost() throws(JOSEError) {
    guard case .rsa(let n, let e) = self else { return }
    guard n.count <= 512, e.count <= 4 else { throw .costlyKey }
  }

  /// Throws `weakKey` or `invalidKey`. The curves of EC keys are all strong enough, and ML-DSA has no weak keys.
  func checkStrength() throws(JOSEError) {
    switch self {
    case .rsa(let n, let e): try RSAStrength.check(modulus: n, exponent: e)
    case .okp(_, let x): guard !SmallOrder.contains(x) else { throw .weakKey }
    case .ec, .akp: break
    }
  }
}

/// The points of Ed25519 and X25519 that generate next to nothing: anybody can sign for such an Ed25519 key, and any
/// agreement with such an X25519 key ends in zero.
private enum SmallOrder {
  /// The 32 bytes of each, little-endian and without the top bit: both curves' points of order 1, 2, 4 and 8, with the
  /// texts that are not reduced (RFC 7748 6.1, RFC 8032 8.9).
  private static let points: Set<[UInt8]> = [
    number(0), number(1), nearPrime(0xEC), nearPrime(0xED), nearPrime(0xEE),
    // Ed25519, order 8.
    [
      0x26, 0xE8, 0x95, 0x8F, 0xC2, 0xB2, 0x27, 0xB0, 0x45, 0xC3, 0xF4, 0x89, 0xF2, 0xEF, 0x98, 0xF0, 0xD5, 0xDF, 0xAC,
      0x05, 0xD3, 0xC6, 0x33, 0x39, 0xB1, 0x38, 0x02, 0x88, 0x6D, 0x53, 0xFC, 0x05,
    ],
    [
      0xC7, 0x17, 0x6A, 0x70, 0x3D, 0x4D, 0xD8, 0x4F, 0xBA, 0x3C, 0x0B, 0x76, 0x0D, 0x10, 0x67, 0x0F, 0x2A, 0x20, 0x53,
      0xFA, 0x2C, 0x39, 0xCC, 0xC6, 0x4E, 0xC7, 0xFD, 0x77, 0x92, 0xAC, 0x03, 0x7A,
    ],
    // X25519, order 8.
    [
      0xE0, 0xEB, 0x7A, 0x7C, 0x3B, 0x41, 0xB8, 0xAE, 0x16, 0x56, 0xE3, 0xFA, 0xF1, 0x9F, 0xC4, 0x6A, 0xDA, 0x09, 0x8D,
      0xEB, 0x9C, 0x32, 0xB1, 0xFD, 0x86, 0x62, 0x05, 0x16, 0x5F, 0x49, 0xB8, 0x00,
    ],
    [
      0x5F, 0x9C, 0x95, 0xBC, 0xA3, 0x50, 0x8C, 0x24, 0xB1, 0xD0, 0xB1, 0x55, 0x9C, 0x83, 0xEF, 0x5B, 0x04, 0x44, 0x5C,
      0xC4, 0x58, 0x1C, 0x8E, 0x86, 0xD8, 0x22, 0x4E, 0xDD, 0xD0, 0x9F, 0x11, 0x57,
    ],
  ]

  static func contains(_ point: [UInt8]) -> Bool {
    guard let top = point.last else { return false }
    return points.contains(point.dropLast() + [top & 0x7F])
  }

  private static func number(_ low: UInt8) -> [UInt8] { [low] + [UInt8](repeating: 0, count: 31) }

  /// 2^255 - 19 and its neighbours.
  private static func nearPrime(_ low: UInt8) -> [UInt8] { [low] + [UInt8](repeating: 0xFF, count: 30) + [0x7F] }
}

/// Checks of an RSA public key's numbers.
private enum RSAStrength {
  /// RFC 7518 3.3 asks for 2048 bits; past 8192 a verification costs more than a stranger should be able to ask for.
  private static let bits = 2048...8192

  /// Throws `weakKey` or `invalidKey`. Both numbers are big-endian and, by RFC 7518 2, without leading zeros.
  static func check(modulus: [UInt8], exponent: [UInt8]) throws(JOSEError) {
    guard let top = modulus.first, top != 0, let low = modulus.last, low & 1 == 1 else { throw .invalidKey }
    guard let first = exponent.first, first != 0, let last = exponent.last, last & 1 == 1 else { throw .invalidKey }
    guard bits.contains(modulus.count * 8 - top.leadingZeroBitCount) else { throw .weakKey }
    // 65537 at least (NIST SP 800-56B 6.2), and no more than OpenSSL takes with a large modulus, 64 bits.
    guard (3...8).contains(exponent.count) else { throw .weakKey }
    guard exponent.reduce(0, { $0 << 8 | UInt64($1) }) >= 65537 else { throw .weakKey }
    guard !isFromROCA(modulus) else { throw .weakKey }
  }

  /// Whether the modulus bears the mark of the chips of CVE-2017-15361, whose keys can be factored: modulo each of these
  /// primes it is a power of 65537. A sound modulus is so for all of them once in 2^27 keys or less.
  private static func isFromROCA(_ modulus: [UInt8]) -> Bool {
    primes.allSatisfy { prime in
      let rest = modulus.reduce(0) { ($0 << 8 | Int($1)) % prime }
      var power = 1
      repeat {
        if power == rest { return true }
        power = power * 65537 % prime
      } while power != 1
      return false
    }
  }

  private static let primes = [
    3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109,
    113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
  ]
}
