// Where in the token status lists a session's bit is.

/// A place in the status lists: a list's number, and a bit of it.
package struct StatusPlace: Sendable, Equatable {
  /// Bits of a list, as a power of two. 32 KiB before they are compressed; so many sessions that a service which fetches
  /// the list says nothing about whose token it looks at.
  package static let power = 18
  /// What takes the most digits of all that a store will see.
  package static let longest = StatusPlace(1 << 40 - 1)

  /// As the store keeps it.
  package let number: Int64

  package init(_ number: Int64) { self.number = number }

  /// Nil where there is no such place.
  package init?(list: Int64, index: Int) {
    guard (0...Self.longest.list).contains(list), (0..<1 << Self.power).contains(index) else { return nil }
    self.init(list << Int64(Self.power) | Int64(index))
  }

  package var list: Int64 { number >> Int64(Self.power) }
  package var index: Int { Int(number & (1 << Int64(Self.power) - 1)) }

  /// The place that is given out after so many others. Within a list they come in an order that follows from the key, lest
  /// two tokens tell how many logins there were between them: a Feistel network of four rounds, which gives each place
  /// once. It hides a rate from who holds some tokens; it is no cipher.
  package init(after count: Int64, key: UInt64) {
    let half = UInt64(Self.power / 2)
    let (mask, whole): (UInt64, UInt64) = (1 << half - 1, 1 << (2 * half) - 1)
    let list = UInt64(count) >> (2 * half)
    var (left, right) = ((UInt64(count) & whole) >> half, UInt64(count) & mask)
    for round: UInt64 in 0..<4 {
      let mixed = Self.mix(key ^ list << 32 ^ round << 16 ^ right) & mask
      (left, right) = (right, left ^ mixed)
    }
    number = Int64(list << (2 * half) | left << half | right)
  }

  /// SplitMix64's last step.
  private static func mix(_ value: UInt64) -> UInt64 {
    var value = value &+ 0x9e37_79b9_7f4a_7c15
    value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
    value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
    return value ^ value >> 31
  }
}
