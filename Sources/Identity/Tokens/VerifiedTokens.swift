// The access tokens that a loop has found good lately, so that a token which comes with every request of a page costs one
// signature check and not one each.
//
// A P-256 verification is 60 to 70 us of a core, a digest of the token 1: with it a core answers some 15,000 questions of
// this kind a second at most, without anything else. What was found good stays so as far as its keys go, since another key
// ring is another memory; time and denylist are looked at each time. No token is kept, only its digest. The table is of a
// fixed size: who falls on a taken place takes it.

import OpenSSL

/// One loop's memory of good tokens.
final class VerifiedTokens {
  /// With tokens of 600 bytes some 6 MB, once all are taken.
  static let places = 4096
  /// The largest token that is remembered, in bytes; larger ones are checked anew each time.
  static let largest = 2048

  /// The SHA-256 digest of a token: nobody finds two with the same.
  struct Key: Equatable {
    fileprivate var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

    init(of token: UnsafeRawBufferPointer) {
      withUnsafeMutableBytes(of: &words) { Digest.sha256(token, into: $0) }
    }

    static func == (one: Self, other: Self) -> Bool { one.words == other.words }
  }

  private struct Place {
    var key: Key
    var access: VerifiedAccess
  }

  /// Made with the first token: a loop that checks none needs none.
  private var table: [Place?] = []

  func find(_ key: Key) -> VerifiedAccess? {
    guard !table.isEmpty, let place = table[Self.index(key)], place.key == key else { return nil }
    return place.access
  }

  func remember(_ access: VerifiedAccess, _ key: Key) {
    if table.isEmpty { table = Array(repeating: nil, count: Self.places) }
    table[Self.index(key)] = Place(key: key, access: access)
  }

  private static func index(_ key: Key) -> Int { Int(truncatingIfNeeded: key.words.0) & (places - 1) }
}
