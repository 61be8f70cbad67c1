// Makes an OpenSSL key of the numbers it consists of (EVP_PKEY_fromdata). OpenSSL's builder borrows what it is given
// until the key is made, so this object keeps it, and wipes it afterwards: it may be private.

import COpenSSL

/// Collects a key's parameters, then makes the key.
final class KeyBuilder {
  private let builder: OpaquePointer
  private var numbers: [OpaquePointer?] = []
  private var octets: [UnsafeMutableRawBufferPointer] = []

  init() throws(OpenSSLError) { builder = try OpenSSLError.unwrap(OSSL_PARAM_BLD_new(), "OSSL_PARAM_BLD_new") }

  deinit {
    OSSL_PARAM_BLD_free(builder)
    for number in numbers { BN_clear_free(number) }
    for octets in octets {
      wipe(octets)
      octets.deallocate()
    }
  }

  /// Adds a big-endian number.
  func add(_ name: ParameterName, number bytes: [UInt8]) throws(OpenSSLError) {
    let number = try OpenSSLError.unwrap(BN_bin2bn(bytes, Int32(bytes.count), nil), "BN_bin2bn")
    numbers.append(number)
    try OpenSSLError.check(OSSL_PARAM_BLD_push_BN(builder, name.pointer, number), "OSSL_PARAM_BLD_push_BN")
  }

  /// Adds bytes.
  func add(_ name: ParameterName, octets bytes: [UInt8]) throws(OpenSSLError) {
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
    copy.copyBytes(from: bytes)
    octets.append(copy)
    try OpenSSLError.check(
      OSSL_PARAM_BLD_push_octet_string(builder, name.pointer, copy.baseAddress, copy.count),
      "OSSL_PARAM_BLD_push_octet_string")
  }

  /// Adds a name.
  func add(_ name: ParameterName, text: ParameterName) throws(OpenSSLError) {
    try OpenSSLError.check(
      OSSL_PARAM_BLD_push_utf8_string(builder, name.pointer, text.pointer, 0), "OSSL_PARAM_BLD_push_utf8_string")
  }

  /// Makes the key, which the caller owns. Call it once.
  func key(_ algorithm: String, isPrivate: Bool) throws(OpenSSLError) -> OpaquePointer {
    let parameters = try OpenSSLError.unwrap(OSSL_PARAM_BLD_to_param(builder), "OSSL_PARAM_BLD_to_param")
    defer {
      Self.cleanse(parameters)
      OSSL_PARAM_free(parameters)
    }
    let context = try OpenSSLError.unwrap(
      EVP_PKEY_CTX_new_from_name(nil, algorithm, nil), "EVP_PKEY_CTX_new_from_name")
    defer { EVP_PKEY_CTX_free(context) }
    try OpenSSLError.check(EVP_PKEY_fromdata_init(context), "EVP_PKEY_fromdata_init")
    var key: OpaquePointer?
    let selection = isPrivate ? signetKeyPairSelection : signetPublicKeySelection
    try OpenSSLError.check(EVP_PKEY_fromdata(context, &key, selection, parameters), "EVP_PKEY_fromdata")
    return try OpenSSLError.unwrap(key, "EVP_PKEY_fromdata")
  }

  /// Freeing the parameters alone would leave their values in memory.
  private static func cleanse(_ parameters: UnsafeMutablePointer<OSSL_PARAM>) {
    var parameter = parameters
    while parameter.pointee.key != nil {
      OPENSSL_cleanse(parameter.pointee.data, parameter.pointee.data_size)
      parameter += 1
    }
  }
}

/// One of a key's numbers, big-endian, in `size` bytes or as few as it needs; a private one is the caller's to wipe.
func number(
  _ name: ParameterName, of key: OpaquePointer, size: Int? = nil
) throws(OpenSSLError) -> [UInt8] {
  var number: OpaquePointer?
  try OpenSSLError.check(EVP_PKEY_get_bn_param(key, name.pointer, &number), "EVP_PKEY_get_bn_param")
  defer { BN_clear_free(number) }
  var bytes = [UInt8](repeating: 0, count: size ?? Int(BN_num_bits(number) + 7) / 8)
  guard BN_bn2binpad(number, &bytes, Int32(bytes.count)) == bytes.count else { throw OpenSSLError("BN_bn2binpad") }
  return bytes
}

/// One of a key's octet strings, which must have that size; a private one is the caller's to wipe.
func octets(_ name: ParameterName, of key: OpaquePointer, size: Int) throws(OpenSSLError) -> [UInt8] {
  var bytes = [UInt8](repeating: 0, count: size)
  var used = 0
  try OpenSSLError.check(
    EVP_PKEY_get_octet_string_param(key, name.pointer, &bytes, size, &used), "EVP_PKEY_get_octet_string_param")
  guard used == size else { throw OpenSSLError(call: "EVP_PKEY_get_octet_string_param", reason: "another size") }
  return bytes
}
