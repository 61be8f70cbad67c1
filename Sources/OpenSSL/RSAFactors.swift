// An RSA key may be told by n, e and d alone (RFC 7518 6.3.2); OpenSSL checks and writes one by its primes. They follow
// from those three (NIST SP 800-56B, appendix C.1), with OpenSSL's arithmetic.

import COpenSSL

/// Finds the primes of an RSA key.
struct RSAFactors: ~Copyable {
  /// Each base finds the primes of a sound key with a chance of one half.
  private static let bases: [UInt] = [
    2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109,
    113,
  ]
  /// Owns all numbers, and clears them.
  private let context: OpaquePointer

  private init() throws(OpenSSLError) {
    context = try OpenSSLError.unwrap(BN_CTX_new(), "BN_CTX_new")
    BN_CTX_start(context)
  }

  deinit {
    BN_CTX_end(context)
    BN_CTX_free(context)
  }

  /// All private members of the key. Throws when there are no such primes; whether they are primes is for the caller
  /// to check, like the rest.
  static func members(n: [UInt8], e: [UInt8], d: [UInt8]) throws(OpenSSLError) -> PrivateParameters {
    let factors = try RSAFactors()
    let (n, e, d) = (try factors.number(n), try factors.number(e), try factors.number(d))
    let p = try factors.factor(n, e, d)
    let q = try factors.number()
    try OpenSSLError.check(BN_div(q, nil, n, p, factors.context), "BN_div")
    let qi = try factors.number()
    _ = try OpenSSLError.unwrap(BN_mod_inverse(qi, q, p, factors.context), "BN_mod_inverse")
    let (dp, dq) = (try factors.exponent(d, p), try factors.exponent(d, q))
    return PrivateParameters([
      (.d, try bytes(d)), (.p, try bytes(p)), (.q, try bytes(q)), (.dp, try bytes(dp)), (.dq, try bytes(dq)),
      (.qi, try bytes(qi)),
    ])
  }

  private func number() throws(OpenSSLError) -> OpaquePointer {
    try OpenSSLError.unwrap(BN_CTX_get(context), "BN_CTX_get")
  }

  private func number(_ bytes: [UInt8]) throws(OpenSSLError) -> OpaquePointer {
    try OpenSSLError.unwrap(BN_bin2bn(bytes, Int32(bytes.count), try number()), "BN_bin2bn")
  }

  private static func bytes(_ number: OpaquePointer) throws(OpenSSLError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: Int(BN_num_bits(number) + 7) / 8)
    guard BN_bn2bin(number, &bytes) == bytes.count else { throw OpenSSLError("BN_bn2bin") }
    return bytes
  }

  /// d modulo one less than the prime.
  private func exponent(_ d: OpaquePointer, _ prime: OpaquePointer) throws(OpenSSLError) -> OpaquePointer {
    let (less, rest) = (try number(), try number())
    try OpenSSLError.check(BN_sub(less, prime, BN_value_one()), "BN_sub")
    try OpenSSLError.check(BN_div(nil, rest, d, less, context), "BN_div")
    return rest
  }

  /// A factor of n: a square root of 1 modulo n which is neither 1 nor -1 betrays one.
  private func factor(
    _ n: OpaquePointer, _ e: OpaquePointer, _ d: OpaquePointer
  ) throws(OpenSSLError) -> OpaquePointer {
    let rest = try number()
    try OpenSSLError.check(BN_mul(rest, d, e, context), "BN_mul")
    try OpenSSLError.check(BN_sub(rest, rest, BN_value_one()), "BN_sub")
    // de - 1 = 2^twos * rest
    var twos = 0
    while BN_is_odd(rest) == 0, BN_is_zero(rest) == 0 {
      try OpenSSLError.check(BN_rshift1(rest, rest), "BN_rshift1")
      twos += 1
    }
    let power = try number()
    for base in Self.bases {
      try OpenSSLError.check(BN_set_word(power, base), "BN_set_word")
      try OpenSSLError.check(BN_mod_exp(power, power, rest, n, context), "BN_mod_exp")
      if let factor = try factor(n, power, twos) { return factor }
    }
    throw OpenSSLError(call: "RSAFactors", reason: "the two halves are not of one key")
  }

  /// Squares `power` until it is 1, and takes the root before.
  private func factor(
    _ n: OpaquePointer, _ power: OpaquePointer, _ twos: Int
  ) throws(OpenSSLError) -> OpaquePointer? {
    let (square, factor) = (try number(), try number())
    for _ in 0..<twos {
      try OpenSSLError.check(BN_mod_sqr(square, power, n, context), "BN_mod_sqr")
      if BN_is_one(square) == 1 {
        try OpenSSLError.check(BN_sub(power, power, BN_value_one()), "BN_sub")
        try OpenSSLError.check(BN_gcd(factor, power, n, context), "BN_gcd")
        return BN_is_one(factor) == 1 || BN_cmp(factor, n) == 0 ? nil : factor
      }
      _ = try OpenSSLError.unwrap(BN_copy(power, square), "BN_copy")
    }
    return nil
  }
}
