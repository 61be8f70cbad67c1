// The key that tokens are bound to: whoever presents them has to prove possession of it.

import JOSE
import JSON

/// A confirmation method (RFC 7800 section 3.1), as it stands in a token's `cnf` claim.
package enum Confirmation: Sendable, Hashable {
  /// The RFC 7638 thumbprint (SHA-256) of the key of DPoP proofs (RFC 9449 section 6.1).
  case jkt([UInt8])
  /// The SHA-256 thumbprint of the client's certificate (RFC 8705 section 3.1).
  case x5t([UInt8])

  /// Its name within `cnf`.
  package var name: StaticString {
    switch self {
    case .jkt: "jkt"
    case .x5t: "x5t#S256"
    }
  }

  package var thumbprint: [UInt8] {
    switch self {
    case .jkt(let thumbprint), .x5t(let thumbprint): thumbprint
    }
  }

  /// As a session's row holds it: which of both, and the thumbprint.
  package var stored: [UInt8] {
    switch self {
    case .jkt(let thumbprint): [1] + thumbprint
    case .x5t(let thumbprint): [2] + thumbprint
    }
  }

  /// Nil unless a row of ours could hold it.
  package init?(stored: [UInt8]) {
    guard stored.count == 33 else { return nil }
    let thumbprint = Array(stored[1...])
    switch stored[0] {
    case 1: self = .jkt(thumbprint)
    case 2: self = .x5t(thumbprint)
    default: return nil
    }
  }

  /// `token_type` (RFC 6749 section 7.1) of a token bound by it.
  package static func tokenType(_ confirmation: Confirmation?) -> String {
    if case .jkt = confirmation { "DPoP" } else { "Bearer" }
  }

  /// Writes the claim `cnf`.
  func write(into json: inout JSONWriter) {
    json.name("cnf")
    json.beginObject()
    json.name(name)
    json.value(Base64URL.encode(thumbprint))
    json.endObject()
  }
}
