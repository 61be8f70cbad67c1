// Nonces for proofs (RFC 9449 section 8): the beginning of a half minute and a MAC over it, under a key that all nodes share.
// So any node takes what another gave, and none remembers what it gave.
//
// A nonce says that its proof was made after that time. A process takes none of a time before its own first one, which is
// `ahead` after its start: whatever an earlier process took was of a time at most `ahead` after then. So no proof that was used
// before a restart is good again by its nonce, unless the clock had been set back and hasn't caught up: then nonces
// are given, and taken, that are later than it.

import JOSE
package import OpenSSL

/// The nonces of one thread.
package final class ProofNonces {
  /// For how long one nonce is given, in milliseconds; it is taken for as long after.
  package static let width: Int64 = 30_000
  /// How far the clock of another node may be ahead, in milliseconds.
  package static let ahead: Int64 = 15_000
  /// The bytes of the time, and of the MAC.
  private static let (timeSize, macSize) = (6, 16)
  /// The characters of a nonce.
  private static let length = Base64URL.encodedSize(timeSize + macSize)

  private let macs: [HMACSHA256]
  private let replays: Replays
  private let first: Int64
  private var latest: (time: Int64, text: String)?

  /// - Parameters:
  ///   - keys: the newest first; every one is taken.
  ///   - replays: the memory of used proofs, which says since when it remembers.
  package init(keys: [[UInt8]], for replays: Replays) throws(OpenSSLError) {
    var macs: [HMACSHA256] = []
    for key in keys { macs.append(try HMACSHA256(key: key)) }
    self.macs = macs
    self.replays = replays
    first = replays.startedAt + Self.ahead
  }

  /// The nonce to give at `now`, in milliseconds since 1970.
  package func nonce(now: Int64) -> String {
    let time = given(now)
    if let latest, latest.time == time { return latest.text }
    let bytes = Self.bytes(time)
    let text = Base64URL.encode(bytes + (macs.first.map { Self.tag($0, bytes) } ?? []))
    latest = (time, text)
    return text
  }

  /// The nonce to give in place of one of that time; nil where that isn't older, as one from a node that has just started.
  func next(after time: Int64, now: Int64) -> String? { given(now) > time ? nonce(now: now) : nil }

  /// The time of a nonce; nil when it is none that may still be used.
  package func time(of nonce: String, now: Int64) -> Int64? {
    guard nonce.utf8.count == Self.length, let bytes = try? Base64URL.decode(nonce) else { return nil }
    let (head, tag) = (Array(bytes[..<Self.timeSize]), Array(bytes[Self.timeSize...]))
    let time = head.reduce(0) { $0 << 8 | Int64($1) }
    guard time >= first, time >= Self.beginning(now) - Self.width, time <= max(now + Self.ahead, given(now)) else {
      return nil
    }
    return macs.contains { constantTimeEqual(Self.tag($0, head), tag) } ? time : nil
  }

  /// The time of the nonce to give. After the clock was set back it is later than now.
  private func given(_ now: Int64) -> Int64 { max(Self.beginning(now), first, replays.firstNonce(now: now) ?? first) }

  private static func beginning(_ now: Int64) -> Int64 { now / width * width }

  /// Big endian.
  private static func bytes(_ time: Int64) -> [UInt8] {
    (0..<timeSize).map { UInt8(truncatingIfNeeded: time >> (8 * (timeSize - 1 - $0))) }
  }

  private static func tag(_ mac: HMACSHA256, _ time: [UInt8]) -> [UInt8] {
    Array(mac.tag(Array("dpop-nonce ".utf8) + time)[..<macSize])
  }
}
