// A private key's numbers, out and in. What comes in is checked: both halves must belong together, and RSA's factors
// and shortcuts must fit the modulus.

import COpenSSL

extension PrivateKey {
  /// The private numbers the key consists of. Throws also for an ML-DSA key that was read without its seed.
  package func parameters() throws(OpenSSLError) -> PrivateParameters {
    switch kind {
    case .p256, .p384, .p521:
      let size = kind.curve?.size
      return PrivateParameters([(.d, try number(.privateKey, of: pointer, size: size))])
    case .rsa:
      var members: [(PrivateParameters.Name, [UInt8])] = []
      for name in PrivateParameters.Name.rsa { members.append((name, try number(.rsa(name), of: pointer))) }
      return PrivateParameters(members)
    case .ed25519, .x25519:
      var bytes = [UInt8](repeating: 0, count: OctetCurve.size)
      var size = bytes.count
      try OpenSSLError.check(EVP_PKEY_get_raw_private_key(pointer, &bytes, &size), "EVP_PKEY_get_raw_private_key")
      return PrivateParameters([(.d, bytes)])
    case .mlDSA44, .mlDSA65, .mlDSA87:
      return PrivateParameters([(.priv, try octets(.seed, of: pointer, size: MLDSA.seedSize))])
    }
  }

  /// A key from its numbers; of an RSA key's private ones `d` is enough. Throws when a number is missing or of another size, when the private half is not the
  /// public one's, and for a kind that the OpenSSL at run time lacks.
  package convenience init(_ public: PublicParameters, _ private: PrivateParameters) throws(OpenSSLError) {
    switch `public` {
    case .ec(let curve, let x, let y):
      try self.init(try Self.ec(curve, try PublicKey.point(curve, x, y), try Self.member(.d, `private`, curve.size)))
      try checkPair()
    case .rsa(let n, let e):
      try self.init(try Self.rsa(n, e, `private`))
      try checkPair()
    case .okp(let curve, _):
      let d = try Self.member(.d, `private`, OctetCurve.size)
      let key = EVP_PKEY_new_raw_private_key(curve.identifier, nil, d, d.count)
      try self.init(try OpenSSLError.unwrap(key, "EVP_PKEY_new_raw_private_key"))
    case .akp(let set, _):
      let builder = try KeyBuilder()
      try builder.add(.seed, octets: try Self.member(.priv, `private`, MLDSA.seedSize))
      try self.init(try builder.key(set.rawValue, isPrivate: true))
    }
    // Ed25519, X25519 and ML-DSA derive the public half, so there is nothing to check but that it is the one given.
    guard try publicKey.parameters() == `public` else {
      throw OpenSSLError(call: "PrivateKey", reason: "the two halves are not of one key")
    }
  }

  private static func member(
    _ name: PrivateParameters.Name, _ parameters: PrivateParameters, _ size: Int? = nil
  ) throws(OpenSSLError) -> [UInt8] {
    guard let value = parameters[name], value.count == size ?? value.count, !value.isEmpty else {
      throw OpenSSLError(call: "PrivateKey", reason: "a private member is missing or of another size")
    }
    return value
  }

  private static func ec(_ curve: EllipticCurve, _ point: [UInt8], _ d: [UInt8]) throws(OpenSSLError) -> OpaquePointer {
    let builder = try KeyBuilder()
    try builder.add(.group, text: curve.parameter)
    try builder.add(.publicKey, octets: point)
    try builder.add(.privateKey, number: d)
    return try builder.key("EC", isPrivate: true)
  }

  private static func rsa(
    _ n: [UInt8], _ e: [UInt8], _ parameters: PrivateParameters
  ) throws(OpenSSLError) -> OpaquePointer {
    var parameters = parameters
    let d = try member(.d, parameters)
    guard d.count <= n.count else { throw OpenSSLError(call: "PrivateKey", reason: "an exponent beyond the modulus") }
    if parameters.members.count == 1 { parameters = try RSAFactors.members(n: n, e: e, d: d) }
    let builder = try KeyBuilder()
    try builder.add(.modulus, number: n)
    try builder.add(.exponent, number: e)
    for name in PrivateParameters.Name.rsa { try builder.add(.rsa(name), number: try member(name, parameters)) }
    return try builder.key("RSA", isPrivate: true)
  }
}
