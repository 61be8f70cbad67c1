// The JWE algorithms that encrypt the content, under their registered names.

import OpenSSL

/// How a JWE's content is encrypted (RFC 7518 5.1).
package enum ContentEncryption: String, Sendable, CaseIterable {
  case a128GCM = "A128GCM"
  case a256GCM = "A256GCM"
  case a128CBCHS256 = "A128CBC-HS256"
  case a256CBCHS512 = "A256CBC-HS512"

  /// The exact size of its key in bytes.
  package var keySize: Int { cipher.keySize }

  var cipher: AuthenticatedCipher {
    switch self {
    case .a128GCM: .aes128GCM
    case .a256GCM: .aes256GCM
    case .a128CBCHS256: .aes128CBCHMACSHA256
    case .a256CBCHS512: .aes256CBCHMACSHA512
    }
  }
}
