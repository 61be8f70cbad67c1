// A hash context that is used again and again by one thread, so that a digest allocates nothing.

import COpenSSL

/// A reusable hash context of one thread.
final class DigestContext {
  let hash: HashFunction
  private let algorithm: OpaquePointer
  private let context: OpaquePointer

  init(_ hash: HashFunction) throws(OpenSSLError) {
    self.hash = hash
    algorithm = hash.algorithm.pointer
    context = try OpenSSLError.unwrap(EVP_MD_CTX_new(), "EVP_MD_CTX_new")
  }

  deinit { EVP_MD_CTX_free(context) }

  /// Writes the digest of `input` into `output`, as many bytes as the hash has.
  func digest(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutablePointer<UInt8>
  ) throws(OpenSSLError) {
    try OpenSSLError.check(EVP_DigestInit_ex2(context, algorithm, nil), "EVP_DigestInit_ex2")
    try OpenSSLError.check(EVP_DigestUpdate(context, input.baseAddress, input.count), "EVP_DigestUpdate")
    try OpenSSLError.check(EVP_DigestFinal_ex(context, output, nil), "EVP_DigestFinal_ex")
  }
}
