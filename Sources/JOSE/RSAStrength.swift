// What an RSA key must satisfy before a signature by it means anything.

/// Checks of an RSA public key's numbers.
enum RSAStrength {
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
