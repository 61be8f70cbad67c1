// The two forms of a P-256 signature: OpenSSL's DER `SEQUENCE { INTEGER r, INTEGER s }` and JOSE's r and s of 32 bytes
// each (RFC 7518 3.4). Done by hand, in place, because OpenSSL's own conversion allocates three objects.

/// Converts P-256 signatures between DER and r‖s.
enum ECDSAForm {
  /// The bytes of the largest DER form: two integers of 33 bytes.
  static let largest = 2 + 2 * (2 + 33)
  private static let half = 32

  /// Writes r‖s, 64 bytes; false when `encoded` is not such a signature.
  static func decode(_ encoded: UnsafeBufferPointer<UInt8>, into target: UnsafeMutablePointer<UInt8>) -> Bool {
    guard encoded.count >= 8, encoded[0] == 0x30, Int(encoded[1]) == encoded.count - 2 else { return false }
    var offset = 2
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

  /// Writes the DER form of the 64 bytes r‖s and returns its size.
  static func encode(_ raw: UnsafePointer<UInt8>, into target: UnsafeMutableBufferPointer<UInt8>) -> Int {
    var offset = 2
    for part in 0..<2 {
      let source = raw + part * half
      var start = 0
      while start < half - 1, source[start] == 0 { start += 1 }
      // A leading bit would make the integer negative.
      let padding = source[start] >> 7
      target[offset] = 0x02
      target[offset + 1] = UInt8(half - start) + padding
      offset += 2
      if padding == 1 {
        target[offset] = 0
        offset += 1
      }
      for index in start..<half {
        target[offset] = source[index]
        offset += 1
      }
    }
    target[0] = 0x30
    target[1] = UInt8(offset - 2)
    return offset
  }
}
