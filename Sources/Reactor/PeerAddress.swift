// Who is at the other end: sixteen bytes in two words, so that a copy costs no allocation.

import CLinux
import Glibc

/// An IP address without a port.
/// The other end's IP address.
package struct PeerAddress: Sendable, Hashable {
  private let high: UInt64
  private let low: UInt64

  /// From 16 bytes in network order; an IPv4 address stands mapped, `::ffff:a.b.c.d`.
  init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
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
  }

  /// Whether it is an IPv4 address, also when it came mapped into IPv6.
  package var isIPv4: Bool { high == 0 && low >> 32 == 0xffff }

  /// Whether it is this machine's own: 127.0.0.0/8 or ::1.
  package var isLoopback: Bool { isIPv4 ? low >> 24 & 0xff == 127 : high == 0 && low == 1 }

  /// What one customer of a provider usually holds: the whole IPv4 address (4 bytes) or the IPv6 /64 (8 bytes).
  package var prefix: [UInt8] {
    isIPv4
      ? (0..<4).map { UInt8(truncatingIfNeeded: low >> (24 - 8 * UInt64($0))) }
      : (0..<8).map { UInt8(truncatingIfNeeded: high >> (56 - 8 * UInt64($0))) }
  }

  /// The address without port or brackets.
  package var text: String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 46) { buffer in
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
