// The SHA-2 digests. Each algorithm is looked up once for the process: a lookup by name costs more than hashing a short
// text.

import COpenSSL

/// A hash function of FIPS 180-4.
package enum HashFunction: String, Sendable, CaseIterable {
  case sha256 = "SHA256"
  case sha384 = "SHA384"
  case sha512 = "SHA512"

  /// The largest digest's bytes.
  package static let largest = 64

  /// The bytes of a digest.
  package var size: Int {
    switch self {
    case .sha256: 32
    case .sha384: 48
    case .sha512: 64
    }
  }

  var algorithm: Algorithm {
    switch self {
    case .sha256: Algorithms.sha256
    case .sha384: Algorithms.sha384
    case .sha512: Algorithms.sha512
    }
  }

  /// The name to give to OpenSSL as a parameter.
  var parameter: ParameterName {
    switch self {
    case .sha256: ParameterName("SHA256")
    case .sha384: ParameterName("SHA384")
    case .sha512: ParameterName("SHA512")
    }
  }
}

/// One-shot digests; safe from any thread.
package enum Digest {
  /// The bytes of a SHA-256 digest.
  package static let sha256Size = 32

  /// The SHA-256 digest, 32 bytes.
  package static func sha256(_ bytes: [UInt8]) -> [UInt8] {
    bytes.withUnsafeBytes { input in
      [UInt8](unsafeUninitializedCapacity: sha256Size) { buffer, used in
        sha256(
          input, into: UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[..<sha256Size]))
        used = sha256Size
      }
    }
  }

  /// Writes the SHA-256 digest into `output`, which must be 32 bytes.
  package static func sha256(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) {
    precondition(output.count == sha256Size)
    let result = EVP_Digest(
      input.baseAddress, input.count, output.baseAddress?.assumingMemoryBound(to: UInt8.self), nil,
      Algorithms.sha256.pointer, nil)
    // Hashing memory fails for want of memory only, which traps everywhere else too.
    precondition(result == 1, "EVP_Digest failed")
  }
}

/// The algorithms that were looked up, for the life of the process.
enum Algorithms {
  static let sha256 = Algorithm(EVP_MD_fetch(nil, "SHA256", nil))
  static let sha384 = Algorithm(EVP_MD_fetch(nil, "SHA384", nil))
  static let sha512 = Algorithm(EVP_MD_fetch(nil, "SHA512", nil))
  static let hmac = Algorithm(EVP_MAC_fetch(nil, "HMAC", nil))
  static let aes256GCM = Algorithm(EVP_CIPHER_fetch(nil, "AES-256-GCM", nil))
}

/// A fetched algorithm.
///
/// `@unchecked Sendable`: OpenSSL never changes one after the fetch, and this one is never freed.
struct Algorithm: @unchecked Sendable {
  let pointer: OpaquePointer

  init(_ pointer: OpaquePointer?) {
    guard let pointer else { preconditionFailure("OpenSSL lacks an algorithm of its default provider") }
    self.pointer = pointer
  }
}
