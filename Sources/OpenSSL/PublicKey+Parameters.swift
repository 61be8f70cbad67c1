// A public key's numbers, out and in. What comes in is checked: a point must be on its curve.

import COpenSSL

extension PublicKey {
  /// The numbers the key consists of.
  package func parameters() throws(OpenSSLError) -> PublicParameters {
    switch kind {
    case .p256:
      return .p256(
        x: try number(OSSL_PKEY_PARAM_EC_PUB_X, size: 32), y: try number(OSSL_PKEY_PARAM_EC_PUB_Y, size: 32))
    case .rsa:
      return .rsa(n: try number(OSSL_PKEY_PARAM_RSA_N), e: try number(OSSL_PKEY_PARAM_RSA_E))
    case .ed25519:
      var bytes = [UInt8](repeating: 0, count: 32)
      var size = bytes.count
      try OpenSSLError.check(EVP_PKEY_get_raw_public_key(pointer, &bytes, &size), "EVP_PKEY_get_raw_public_key")
      return .ed25519(x: bytes)
    }
  }

  /// One number, big-endian, in `size` bytes or as few as it needs.
  private func number(_ name: String, size: Int? = nil) throws(OpenSSLError) -> [UInt8] {
    var number: OpaquePointer?
    try OpenSSLError.check(EVP_PKEY_get_bn_param(pointer, name, &number), "EVP_PKEY_get_bn_param")
    defer { BN_free(number) }
    var bytes = [UInt8](repeating: 0, count: size ?? Int(BN_num_bits(number) + 7) / 8)
    guard BN_bn2binpad(number, &bytes, Int32(bytes.count)) == bytes.count else {
      throw OpenSSLError("BN_bn2binpad")
    }
    return bytes
  }

  /// A key from its numbers; throws when they are none, for example a point that is not on the curve.
  package convenience init(_ parameters: PublicParameters) throws(OpenSSLError) {
    switch parameters {
    case .p256(let x, let y):
      guard x.count == 32, y.count == 32 else {
        throw OpenSSLError(call: "PublicKey", reason: "a coordinate that is not 32 bytes")
      }
      try self.init(try Self.p256(x, y))
      try checkPublic()
    case .rsa(let n, let e):
      try self.init(try Self.rsa(n, e))
    case .ed25519(let x):
      let key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, x, x.count)
      try self.init(try OpenSSLError.unwrap(key, "EVP_PKEY_new_raw_public_key"))
    }
  }

  private static func p256(_ x: [UInt8], _ y: [UInt8]) throws(OpenSSLError) -> OpaquePointer {
    // The uncompressed form of SEC 1 2.3.3.
    let point = [4] + x + y
    return try point.withUnsafeBufferPointer { point throws(OpenSSLError) in
      try key("EC") { builder in
        OSSL_PARAM_BLD_push_utf8_string(
          builder, ParameterName.group.pointer, ParameterName("P-256").pointer, 0) == 1
          && OSSL_PARAM_BLD_push_octet_string(
            builder, ParameterName.publicKey.pointer, point.baseAddress, point.count) == 1
      }
    }
  }

  private static func rsa(_ n: [UInt8], _ e: [UInt8]) throws(OpenSSLError) -> OpaquePointer {
    let modulus = try OpenSSLError.unwrap(BN_bin2bn(n, Int32(n.count), nil), "BN_bin2bn")
    defer { BN_free(modulus) }
    let exponent = try OpenSSLError.unwrap(BN_bin2bn(e, Int32(e.count), nil), "BN_bin2bn")
    defer { BN_free(exponent) }
    return try key("RSA") { builder in
      OSSL_PARAM_BLD_push_BN(builder, ParameterName.modulus.pointer, modulus) == 1
        && OSSL_PARAM_BLD_push_BN(builder, ParameterName.exponent.pointer, exponent) == 1
    }
  }

  /// Makes a key of what `push` gives the builder, which borrows it until this has returned.
  private static func key(
    _ name: String, _ push: (OpaquePointer) -> Bool
  ) throws(OpenSSLError) -> OpaquePointer {
    let builder = try OpenSSLError.unwrap(OSSL_PARAM_BLD_new(), "OSSL_PARAM_BLD_new")
    defer { OSSL_PARAM_BLD_free(builder) }
    guard push(builder) else { throw OpenSSLError("OSSL_PARAM_BLD_push") }
    let parameters = try OpenSSLError.unwrap(OSSL_PARAM_BLD_to_param(builder), "OSSL_PARAM_BLD_to_param")
    defer { OSSL_PARAM_free(parameters) }
    let context = try OpenSSLError.unwrap(EVP_PKEY_CTX_new_from_name(nil, name, nil), "EVP_PKEY_CTX_new_from_name")
    defer { EVP_PKEY_CTX_free(context) }
    try OpenSSLError.check(EVP_PKEY_fromdata_init(context), "EVP_PKEY_fromdata_init")
    var key: OpaquePointer?
    try OpenSSLError.check(
      EVP_PKEY_fromdata(context, &key, signetPublicKeySelection, parameters), "EVP_PKEY_fromdata")
    return try OpenSSLError.unwrap(key, "EVP_PKEY_fromdata")
  }

  /// Checks the point: on the curve, not at infinity (SEC 1 3.2.2).
  private func checkPublic() throws(OpenSSLError) {
    let context = try OpenSSLError.unwrap(
      EVP_PKEY_CTX_new_from_pkey(nil, pointer, nil), "EVP_PKEY_CTX_new_from_pkey")
    defer { EVP_PKEY_CTX_free(context) }
    try OpenSSLError.check(EVP_PKEY_public_check(context), "EVP_PKEY_public_check")
  }
}
