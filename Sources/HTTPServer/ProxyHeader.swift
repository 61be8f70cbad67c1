// The PROXY protocol's binary header, version 2 (HAProxy's proxy-protocol.txt 2.2), with which a proxy says before the
// first byte of TLS or HTTP from where the connection came. The text form, version 1, is not taken.
//
// A pure function of the bytes so far: the caller keeps them until it is complete. It reads nothing past the header's
// end, so what follows belongs to the next layer whatever it is. It doesn't decide who may send one.

package import Reactor

/// What the first bytes of a connection are, read as a PROXY header.
package enum ProxyHeader: Equatable, Sendable {
  /// A good beginning, of a header of at least so many bytes.
  case incomplete(atLeast: Int)
  /// No PROXY header, or a malformed one.
  case invalid
  /// A header of `length` bytes; `source` is nil when the connection is the proxy's own or came over no IP (2.2: LOCAL,
  /// UNSPEC, UNIX), or by datagrams, which a stream can't carry.
  case complete(length: Int, source: PeerAddress?)

  /// The longest header taken, in bytes: the smallest segment that every host receives whole (RFC 9293 3.7.1).
  package static let limit = 536
  private static let fixed = 16

  /// Reads the beginning of a connection.
  package static func parse(_ bytes: UnsafeRawBufferPointer) -> ProxyHeader {
    let signature: StaticString = "\r\n\r\n\0\r\nQUIT\n"
    for index in 0..<min(bytes.count, 12) where bytes[index] != signature.utf8Start[index] { return .invalid }
    // 2.2: the version must be 2, the command LOCAL or PROXY.
    if bytes.count > 12, bytes[12] != 0x20, bytes[12] != 0x21 { return .invalid }
    let isLocal = bytes.count > 12 && bytes[12] == 0x20
    if bytes.count > 13, !isLocal, Form(rawValue: bytes[13]) == nil { return .invalid }
    guard bytes.count >= fixed else { return .incomplete(atLeast: fixed) }
    let length = fixed + bytes.bigEndian(at: 14)
    guard length <= limit else { return .invalid }
    guard bytes.count >= length else { return .incomplete(atLeast: length) }
    // 2.2: of LOCAL, and of a family which isn't named, the rest must be ignored.
    guard !isLocal, let form = Form(rawValue: bytes[13]), form != .unspecified else {
      return .complete(length: length, source: nil)
    }
    let header = UnsafeRawBufferPointer(rebasing: bytes[..<length])
    guard fixed + form.addressLength <= length, hasGoodRecords(header, from: fixed + form.addressLength) else {
      return .invalid
    }
    return .complete(length: length, source: source(header, form))
  }

  /// Whether a complete header says that the connection is the proxy's own, and no client stands behind it (2.2: LOCAL).
  package static func isProxysOwn(_ header: UnsafeRawBufferPointer) -> Bool { header[12] == 0x20 }

  /// Family and transport, the combinations which 2.2 defines.
  private enum Form: UInt8 {
    case unspecified = 0x00
    case tcp4 = 0x11
    case udp4 = 0x12
    case tcp6 = 0x21
    case udp6 = 0x22
    case unixStream = 0x31
    case unixDatagram = 0x32

    /// Both addresses with their ports.
    var addressLength: Int {
      switch self {
      case .unspecified: 0
      case .tcp4, .udp4: 12
      case .tcp6, .udp6: 36
      case .unixStream, .unixDatagram: 216
      }
    }
  }

  private static func source(_ header: UnsafeRawBufferPointer, _ form: Form) -> PeerAddress? {
    switch form {
    case .tcp4: PeerAddress(ipv4: UInt32(header.bigEndian(at: fixed)) << 16 | UInt32(header.bigEndian(at: fixed + 2)))
    case .tcp6:
      PeerAddress(
        (0..<8).map { String(header.bigEndian(at: fixed + 2 * $0), radix: 16) }.joined(separator: ":"))
    default: nil
    }
  }

  /// 2.2.1: type, length in two bytes, value, without a remainder.
  private static func hasGoodRecords(_ header: UnsafeRawBufferPointer, from start: Int) -> Bool {
    let checksum: UInt8 = 0x03
    var position = start
    var hasChecksum = false
    while position < header.count {
      guard position + 3 <= header.count else { return false }
      let end = position + 3 + header.bigEndian(at: position + 1)
      guard end <= header.count else { return false }
      if header[position] == checksum {
        guard end - position == 7, !hasChecksum, isChecksumRight(header, at: position + 3) else { return false }
        hasChecksum = true
      }
      position = end
    }
    return true
  }

  /// 2.2.3: the CRC-32C of the whole header, its own four bytes taken as zero.
  private static func isChecksumRight(_ header: UnsafeRawBufferPointer, at place: Int) -> Bool {
    var remainder = UInt32.max
    for index in header.indices {
      remainder ^= UInt32((place..<(place + 4)).contains(index) ? 0 : header[index])
      for _ in 0..<8 { remainder = remainder >> 1 ^ (remainder & 1 == 1 ? 0x82f6_3b78 : 0) }
    }
    return ~remainder == UInt32(header.bigEndian(at: place)) << 16 | UInt32(header.bigEndian(at: place + 2))
  }
}

extension UnsafeRawBufferPointer {
  /// Two bytes in network order.
  fileprivate func bigEndian(at position: Int) -> Int { Int(self[position]) << 8 | Int(self[position + 1]) }
}
