// RSAES-OAEP (RFC 8017 7.1) with SHA-256 as its hash and in MGF1, and no label: a short secret for the owner of an RSA
// key. Not with SHA-1, nor the padding of PKCS #1 v1.5, which no caller could ask for.

import COpenSSL

/// Encrypts keys to RSA keys; safe from any thread.
package enum RSAOAEP {
  /// The encrypted `secret`, as many bytes as the modulus. Throws when the key is not RSA, or too small for the secret
  /// (modulus less 66 bytes).
  package static func encrypt(_ secret: SecretBytes, to key: PublicKey) throws(OpenSSLError) -> [UInt8] {
    let context = try context(key.pointer, key.kind, "EVP_PKEY_encrypt_init", EVP_PKEY_encrypt_init)
    defer { EVP_PKEY_CTX_free(context) }
    var size = Int(EVP_PKEY_get_size(key.pointer))
    var encrypted = [UInt8](repeating: 0, count: size)
    let result = secret.withBytes { secret in
      let start = secret.baseAddress?.assumingMemoryBound(to: UInt8.self)
      return EVP_PKEY_encrypt(context, &encrypted, &size, start, secret.count)
    }
    try OpenSSLError.check(result, "EVP_PKEY_encrypt")
    guard size == encrypted.count else { throw OpenSSLError(call: "EVP_PKEY_encrypt", reason: "another size") }
    return encrypted
  }

  /// The secret of `size` bytes inside `encrypted`; random bytes instead, after as long, when it was not encrypted to
  /// that key or has another size (RFC 7516 11.5): otherwise whoever may try often enough could decrypt without the key
  /// (RFC 8017 7.1.2, note). Throws when the key is not RSA.
  package static func decryptOrRandom(
    _ encrypted: [UInt8], with key: PrivateKey, size: Int
  ) throws(OpenSSLError) -> SecretBytes {
    let random = SecretBytes(random: size)
    let context = try context(key.pointer, key.kind, "EVP_PKEY_decrypt_init", EVP_PKEY_decrypt_init)
    defer { EVP_PKEY_CTX_free(context) }
    let modulus = Int(EVP_PKEY_get_size(key.pointer))
    // The sizes are nothing secret. RFC 8017 7.1.2 asks for all of the modulus, where OpenSSL takes less as well.
    guard encrypted.count == modulus, size <= modulus else { return random }
    return try withTemporaryBytes(modulus) { secret throws(OpenSSLError) in
      let buffer = UnsafeMutableRawBufferPointer(start: secret, count: modulus)
      buffer.initializeMemory(as: UInt8.self, repeating: 0)
      defer { wipe(buffer) }
      var used = modulus
      let result = EVP_PKEY_decrypt(context, secret, &used, encrypted, encrypted.count)
      // Good or bad: what OpenSSL noted is dropped.
      ERR_clear_error()
      let isGood = Int(result ^ 1) | (used ^ size) == 0
      return SecretBytes(UnsafeRawBufferPointer(start: secret, count: size), if: isGood, else: random)
    }
  }

  private static func context(
    _ key: OpaquePointer, _ kind: KeyKind, _ call: String, _ start: (OpaquePointer?) -> Int32
  ) throws(OpenSSLError) -> OpaquePointer {
    guard case .rsa = kind else { throw OpenSSLError(call: call, reason: "a key that is not RSA") }
    let context = try OpenSSLError.unwrap(
      EVP_PKEY_CTX_new_from_pkey(nil, key, nil), "EVP_PKEY_CTX_new_from_pkey")
    do {
      try OpenSSLError.check(start(context), call)
      try OpenSSLError.check(
        EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING), "EVP_PKEY_CTX_set_rsa_padding")
      try OpenSSLError.check(
        EVP_PKEY_CTX_set_rsa_oaep_md(context, Algorithms.sha256.pointer), "EVP_PKEY_CTX_set_rsa_oaep_md")
      try OpenSSLError.check(
        EVP_PKEY_CTX_set_rsa_mgf1_md(context, Algorithms.sha256.pointer), "EVP_PKEY_CTX_set_rsa_mgf1_md")
    } catch {
      EVP_PKEY_CTX_free(context)
      throw error
    }
    return context
  }
}
