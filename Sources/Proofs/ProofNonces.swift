// Nonces for proofs (RFC 9449 section 8): a MAC over the number of a half minute, under a key that all nodes share. So any
// node takes what another gave, and none remembers what it gave.
//
// In the half minute in which a process starts it gives the next one's nonce, and takes none that an earlier process could
// have given: a proof with a nonce it takes was made after its start, when its memory of used proofs had begun.

import JOSE
package import OpenSSL

/// The nonces of one thread.
package final class ProofNonces {
  /// For how long one nonce is given, in milliseconds; it is taken for as long before and after.
  package static let width: Int64 = 30_000
  /// The characters of a nonce: 16 bytes in base64url.
  private static let length = 22

  private let macs: [HMACSHA256]
  private let first: Int64
  private var made: [Int64: [[UInt8]]] = [:]

  /// - Parameters:
  ///   - keys: the newest first; every one is taken.
  ///   - startedAt: since when used proofs are remembered, in milliseconds since 1970.
  package init(keys: [[UInt8]], startedAt: Int64) throws(OpenSSLError) {
    var macs: [HMACSHA256] = []
    for key in keys { macs.append(try HMACSHA256(key: key)) }
    self.macs = macs
    first = startedAt / Self.width + 1
  }

  /// The nonce to give at `now`, in milliseconds since 1970.
  package func nonce(now: Int64) -> String {
    String(decoding: texts(max(now / Self.width, first)).first ?? [], as: UTF8.self)
  }

  /// Whether a nonce is one that may still be used.
  package func isGood(_ nonce: String, now: Int64) -> Bool {
    let nonce = Array(nonce.utf8)
    guard nonce.count == Self.length else { return false }
    // Where the clock was set back behind the start, what is given since is taken.
    let current = max(now / Self.width, first - 1)
    return (current - 1...current + 1).contains { bucket in
      bucket >= first && texts(bucket).contains { constantTimeEqual($0, nonce) }
    }
  }

  /// The nonces of a half minute, by each key.
  private func texts(_ bucket: Int64) -> [[UInt8]] {
    if let texts = made[bucket] { return texts }
    let message = Array("dpop-nonce \(bucket)".utf8)
    let texts = macs.map { mac in
      var text: [UInt8] = []
      Base64URL.encode(Array(mac.tag(message)[..<16]), into: &text)
      return text
    }
    if made.count > 8 { made.removeAll() }
    made[bucket] = texts
    return texts
  }
}
