// A public key's numbers, out and in. What comes in is checked: a point must be on its curve.

import COpenSSL

extension PublicKey {
  /// The numbers the key consists of.
  package func parameters() throws(OpenSSLError) -> PublicParameters {
    switch kind {
    case .p256: try point(.p256)
    case .p384: try point(.p384)
    case .p521: try point(.p521)
    case .rsa: .rsa(n: try number(.modulus, of: pointer), e: try number(.exponent, of: pointer))
    case .ed25519: try raw(.ed25519)
    case .x25519: try raw(.x25519)
    case .mlDSA44: try encoded(.mlDSA44)
    case .mlDSA65: try encoded(.mlDSA65)
    case .mlDSA87: try encoded(.mlDSA87)
    }
  }

  private func point(_ curve: EllipticCurve) throws(OpenSSLError) -> PublicParameters {
    .ec(
      curve, x: try number(ParameterName("qx"), of: pointer, size: curve.size),
      y: try number(ParameterName("qy"), of: pointer, size: curve.size))
  }

  private func raw(_ curve: OctetCurve) throws(OpenSSLError) -> PublicParameters {
    var bytes = [UInt8](repeating: 0, count: OctetCurve.size)
    var size = bytes.count
    try OpenSSLError.check(EVP_PKEY_get_raw_public_key(pointer, &bytes, &size), "EVP_PKEY_get_raw_public_key")
    return .okp(curve, x: bytes)
  }

  private func encoded(_ set: MLDSA) throws(OpenSSLError) -> PublicParameters {
    .akp(set, pub: try octets(.publicKey, of: pointer, size: set.publicSize))
  }

  /// A key from its numbers; throws when they are none, for example a point that is not on the curve, and for a kind
  /// that the OpenSSL at run time lacks.
  package convenience init(_ parameters: PublicParameters) throws(OpenSSLError) {
    switch parameters {
    case .ec(let curve, let x, let y):
      try self.init(try Self.ec(curve, x, y))
      try checkPublic()
    case .rsa(let n, let e):
      let builder = try KeyBuilder()
      try builder.add(.modulus, number: n)
      try builder.add(.exponent, number: e)
      try self.init(try builder.key("RSA", isPrivate: false))
    case .okp(let curve, let x):
      let key = EVP_PKEY_new_raw_public_key(curve.identifier, nil, x, x.count)
      try self.init(try OpenSSLError.unwrap(key, "EVP_PKEY_new_raw_public_key"))
    case .akp(let set, let pub):
      guard pub.count == set.publicSize else { throw OpenSSLError(call: "PublicKey", reason: "a key of another size") }
      let builder = try KeyBuilder()
      try builder.add(.publicKey, octets: pub)
      try self.init(try builder.key(set.rawValue, isPrivate: false))
    }
  }

  private static func ec(_ curve: EllipticCurve, _ x: [UInt8], _ y: [UInt8]) throws(OpenSSLError) -> OpaquePointer {
    let builder = try KeyBuilder()
    try builder.add(.group, text: curve.parameter)
    try builder.add(.publicKey, octets: try point(curve, x, y))
    return try builder.key("EC", isPrivate: false)
  }

  /// The uncompressed form of SEC 1 2.3.3.
  static func point(_ curve: EllipticCurve, _ x: [UInt8], _ y: [UInt8]) throws(OpenSSLError) -> [UInt8] {
    guard x.count == curve.size, y.count == curve.size else {
      throw OpenSSLError(call: "PublicKey", reason: "a coordinate of another size")
    }
    return [4] + x + y
  }

  /// Checks the point: on the curve, not at infinity (SEC 1 3.2.2). That it is of the right order needs no check, since
  /// the curves have the cofactor 1; OpenSSL's would cost a multiplication for each key that a stranger sends.
  private func checkPublic() throws(OpenSSLError) {
    let context = try OpenSSLError.unwrap(
      EVP_PKEY_CTX_new_from_pkey(nil, pointer, nil), "EVP_PKEY_CTX_new_from_pkey")
    defer { EVP_PKEY_CTX_free(context) }
    try OpenSSLError.check(EVP_PKEY_public_check_quick(context), "EVP_PKEY_public_check_quick")
  }
}
