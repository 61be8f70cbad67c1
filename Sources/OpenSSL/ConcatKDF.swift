// The one-step key derivation of NIST SP 800-56A 5.8.1 (now SP 800-56C 4.1), called Concat KDF by RFC 7518 4.6.2, with
// SHA-256. OpenSSL's name for it is SSKDF.

import COpenSSL

/// Derives keys from agreed secrets; safe from any thread.
package enum ConcatKDF {
  /// `size` bytes from `secret`; `info` is the fixed data that both sides know, OtherInfo.
  package static func derive(from secret: SecretBytes, info: [UInt8], size: Int) throws(OpenSSLError) -> SecretBytes {
    let context = try OpenSSLError.unwrap(EVP_KDF_CTX_new(Algorithms.oneStep.pointer), "EVP_KDF_CTX_new")
    defer { EVP_KDF_CTX_free(context) }
    return try SecretBytes(count: size) { output throws(OpenSSLError) in
      let target = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
      let result = secret.withBytes { secret in
        info.withUnsafeBytes { info in
          let parameters: [Parameter] = [
            .text(.digest, HashFunction.sha256.parameter), .bytes(.secret, secret),
            .bytes(.info, info),
          ]
          return withParameters(parameters) { EVP_KDF_derive(context, target, output.count, $0) }
        }
      }
      try OpenSSLError.check(result, "EVP_KDF_derive")
    }
  }
}

extension Algorithms {
  static let oneStep = Algorithm(EVP_KDF_fetch(nil, "SSKDF", nil))
}

extension ParameterName {
  static let secret = ParameterName("key")
  static let info = ParameterName("info")
}
