// A SHA-256 context that is used again and again by one thread, so that a digest allocates nothing.

import COpenSSL

/// A reusable hash context of one thread.
final class SHA256Hasher {
  private let context: OpaquePointer

  init() throws(OpenSSLError) {
    context = try OpenSSLError.unwrap(EVP_MD_CTX_new(), "EVP_MD_CTX_new")
  }

  deinit { EVP_MD_CTX_free(context) }

  /// Writes the digest of `input` into `output`, 32 bytes.
  func digest(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutablePointer<UInt8>
  ) throws(OpenSSLError) {
    try OpenSSLError.check(EVP_DigestInit_ex2(context, Algorithms.sha256.pointer, nil), "EVP_DigestInit_ex2")
    try OpenSSLError.check(EVP_DigestUpdate(context, input.baseAddress, input.count), "EVP_DigestUpdate")
    try OpenSSLError.check(EVP_DigestFinal_ex(context, output, nil), "EVP_DigestFinal_ex")
  }
}
