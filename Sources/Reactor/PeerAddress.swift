// Who is at the other end: sixteen bytes in two words, so that a copy costs no allocation.
//
// A Unix socket's peer has no address; it is kept as the one of all ones, a multicast address which no host can have and
// which is read from no text and no header.

import CLinux
import Glibc

/// The other end: an IP address without a port, or a process of this machine behind a Unix socket.
package struct PeerAddress: Sendable, Hashable {
  private let high: UInt64
  private let low: UInt64

  /// The peer of a Unix socket.
  package static let local = PeerAddress(high: .max, low: .max)

  private init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// From an IPv6 address in two words, most significant first; an IPv4 address stands mapped, `::ffff:a.b.c.d`.
  /// The address of all ones, which is no host's, becomes `::`.
  package init(ipv6 high: UInt64, _ low: UInt64) {
    let isNobody = high == .max && low == .max
    self.init(high: isNobody ? 0 : high, low: isNobody ? 0 : low)
  }

  /// From an IPv4 address, 127.0.0.1 being 0x7f000001.
  package init(ipv4 address: UInt32) {
    self.init(high: 0, low: 0xffff_0000_0000 | UInt64(address))
  }

  /// Parses an address without brackets or port; nil when it isn't one.
  package init?(_ text: String) {
    var ipv4 = in_addr()
    if inet_pton(AF_INET, text, &ipv4) == 1 {
      self.init(ipv4: UInt32(bigEndian: ipv4.s_addr))
      return
    }
    var words: (UInt64, UInt64) = (0, 0)
    guard inet_pton(AF_INET6, text, &words) == 1 else { return nil }
    self.init(high: UInt64(bigEndian: words.0), low: UInt64(bigEndian: words.1))
    if self == .local { return nil }
  }

  /// Whether it is an IPv4 address, also when it came mapped into IPv6.
  package var isIPv4: Bool { high == 0 && low >> 32 == 0xffff }

  /// Whether it is this machine's own: 127.0.0.0/8, ::1 or a Unix socket.
  package var isLoopback: Bool { isIPv4 ? low >> 24 & 0xff == 127 : high == 0 && low == 1 || self == .local }

  /// The address with all bits but the first `prefix` of 128 cleared.
  func masked(_ prefix: Int) -> PeerAddress {
    func mask(_ bits: Int) -> UInt64 { bits <= 0 ? 0 : bits >= 64 ? .max : .max << (64 - UInt64(bits)) }
    return PeerAddress(high: high & mask(prefix), low: low & mask(prefix - 64))
  }

  /// What one customer of a provider usually holds: the whole IPv4 address (4 bytes) or the IPv6 /64 (8 bytes).
  package var prefix: [UInt8] {
    isIPv4
      ? (0..<4).map { UInt8(truncatingIfNeeded: low >> (24 - 8 * UInt64($0))) }
      : (0..<8).map { UInt8(truncatingIfNeeded: high >> (56 - 8 * UInt64($0))) }
  }

  /// The address without port or brackets; `unix` for a Unix socket.
  package var text: String {
    if self == .local { return "unix" }
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 46) { buffer in
      if isIPv4 {
        var address = in_addr(s_addr: UInt32(truncatingIfNeeded: low).bigEndian)
        inet_ntop(AF_INET, &address, buffer.baseAddress, 46)
      } else {
        var words = (high.bigEndian, low.bigEndian)
        inet_ntop(AF_INET6, &words, buffer.baseAddress, 46)
      }
      return buffer.baseAddress.map { String(cString: $0) } ?? ""
    }
  }
}
