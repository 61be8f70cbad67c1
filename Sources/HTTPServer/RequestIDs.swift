// Random request ids: 22 characters which tell requests apart and aren't secret, so a fast generator will do.

struct RequestIDs {
  private var state: (UInt64, UInt64)

  init() {
    var system = SystemRandomNumberGenerator()
    // Both zero would stay zero.
    state = (system.next() | 1, system.next())
  }

  private static let alphabet: StaticString = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

  /// Writes 22 characters to the front of `target`.
  mutating func fill(_ target: UnsafeMutableRawBufferPointer) {
    let alphabet = Self.alphabet.utf8Start
    var index = 0
    while index < 22 {
      var word = next()
      for _ in 0..<min(10, 22 - index) {
        target[index] = alphabet[Int(word & 63)]
        word >>= 6
        index += 1
      }
    }
  }

  /// xoroshiro128+ (Blackman and Vigna), whose weak lowest bits are dropped.
  private mutating func next() -> UInt64 {
    let (first, second) = state
    let result = first &+ second
    let mixed = second ^ first
    state = ((first << 24 | first >> 40) ^ mixed ^ mixed << 16, mixed << 37 | mixed >> 27)
    return result >> 4
  }
}
