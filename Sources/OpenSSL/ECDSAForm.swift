// The two forms of an ECDSA signature: OpenSSL's DER `SEQUENCE { INTEGER r, INTEGER s }` and JOSE's r and s of the
// curve's size each (RFC 7518 3.4). Done by hand, in place, because OpenSSL's own conversion allocates three objects.

/// Converts signatures over one curve between DER and r‖s.
struct ECDSAForm {
  /// The bytes of r, and of s.
  private let half: Int
  /// The bytes of the largest DER form.
  let largest: Int

  init(_ curve: EllipticCurve) {
    half = curve.size
    // Two integers, each with one more byte at most, and a length that may take two.
    largest = 3 + 2 * (2 + half + 1)
  }

  /// Writes r‖s; false when `encoded` is not such a signature.
  func decode(_ encoded: UnsafeBufferPointer<UInt8>, into target: UnsafeMutablePointer<UInt8>) -> Bool {
    guard encoded.count >= 8, encoded[0] == 0x30, var offset = contentStart(encoded) else { return false }
    for part in 0..<2 {
      guard offset + 2 <= encoded.count, encoded[offset] == 0x02 else { return false }
      var start = offset + 2
      let end = start + Int(encoded[offset + 1])
      guard end <= encoded.count, start < end else { return false }
      while start < end - 1, encoded[start] == 0 { start += 1 }
      guard end - start <= half else { return false }
      let destination = target + part * half
      destination.initialize(repeating: 0, count: half)
      for index in start..<end { destination[half - (end - index)] = encoded[index] }
      offset = end
    }
    return offset == encoded.count
  }

  /// Where the sequence's content starts: its length takes one byte, or two above 127 (P-521); nil when it isn't all.
  private func contentStart(_ encoded: UnsafeBufferPointer<UInt8>) -> Int? {
    let start = encoded[1] == 0x81 ? 3 : 2
    let length = Int(encoded[start - 1])
    return length == encoded.count - start && (start == 3) == (length > 127) ? start : nil
  }

  /// Writes the DER form of r‖s and returns its size.
  func encode(_ raw: UnsafePointer<UInt8>, into target: UnsafeMutableBufferPointer<UInt8>) -> Int {
    let first = integerSize(raw)
    let second = integerSize(raw + half)
    let content = 4 + first + second
    target[0] = 0x30
    var offset = 2
    if content > 127 {
      target[1] = 0x81
      offset = 3
    }
    target[offset - 1] = UInt8(content)
    write(raw, size: first, into: target, at: &offset)
    write(raw + half, size: second, into: target, at: &offset)
    return offset
  }

  private func write(
    _ source: UnsafePointer<UInt8>, size: Int, into target: UnsafeMutableBufferPointer<UInt8>, at offset: inout Int
  ) {
    target[offset] = 0x02
    target[offset + 1] = UInt8(size)
    offset += 2
    for index in (half - size)..<half {
      target[offset] = index < 0 ? 0 : source[index]
      offset += 1
    }
  }

  /// The bytes of the integer at `source`: without leading zeros, but with one before a leading bit, which would make
  /// it negative.
  private func integerSize(_ source: UnsafePointer<UInt8>) -> Int {
    var start = 0
    while start < half - 1, source[start] == 0 { start += 1 }
    return half - start + Int(source[start] >> 7)
  }
}
