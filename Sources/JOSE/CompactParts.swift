// A compact JWS cut at its two periods. Ranges into the caller's bytes; nothing is decoded yet.

/// The three parts of a compact serialization (RFC 7515 3.1).
struct CompactParts {
  /// The largest token anyone is asked to look at, in bytes.
  static let largest = 16 << 10

  let header: UnsafeRawBufferPointer
  let payload: UnsafeRawBufferPointer
  let signature: UnsafeRawBufferPointer
  /// `BASE64URL(header).BASE64URL(payload)`, what is signed.
  let signingInput: UnsafeRawBufferPointer

  init(_ token: UnsafeRawBufferPointer, largest: Int) throws(JOSEError) {
    guard token.count <= largest else { throw .tooLarge }
    let period = UInt8(ascii: ".")
    guard let first = token.firstIndex(of: period),
      let second = token[(first + 1)...].firstIndex(of: period),
      !token[(second + 1)...].contains(period)
    else { throw .malformed }
    header = UnsafeRawBufferPointer(rebasing: token[..<first])
    payload = UnsafeRawBufferPointer(rebasing: token[(first + 1)..<second])
    signature = UnsafeRawBufferPointer(rebasing: token[(second + 1)...])
    signingInput = UnsafeRawBufferPointer(rebasing: token[..<second])
  }
}
