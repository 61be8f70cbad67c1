// The token by which programs on the server's machine use the admin API: whoever can read the data folder is the operator.

import JOSE
import OpenSSL

/// What a server keeps of the token it has made at its start.
package struct AdminToken: Sendable {
  private let digest: [UInt8]

  package init(_ text: String) { digest = Digest.sha256(Array(text.utf8)) }

  /// 256 random bits in base64url.
  package static func make() -> String { Base64URL.encode(Random.bytes(32)) }

  /// Whether `text` is the token.
  package func isEqual(to text: String) -> Bool { constantTimeEqual(Digest.sha256(Array(text.utf8)), digest) }
}
