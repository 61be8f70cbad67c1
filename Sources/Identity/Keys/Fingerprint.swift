// A short digest of a document, for its entity tag.

import JOSE
import OpenSSL

/// Tells one version of a document from another.
package enum Fingerprint {
  /// 22 characters of the document's SHA-256 in base64url.
  package static func text(of document: [UInt8]) -> String {
    Base64URL.encode(Array(Digest.sha256(document).prefix(16)))
  }
}
