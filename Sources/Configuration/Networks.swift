// Networks in settings: `10.0.0.0/8`, `2001:db8::/32`, single addresses, and `unix` for peers of Unix sockets.

import Glibc

/// The syntax of a network; what it contains is the server's matter.
struct NetworkText {
  /// The address's bytes in network order, 4 or 16.
  private let bytes: [UInt8]
  private let prefix: Int

  /// Reads an address, or an address and a prefix length (RFC 4632 3.1, RFC 4291 2.3); bits beyond it may be set.
  init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard let bytes = parts.first.flatMap({ Self.bytes(String($0)) }), parts.count <= 2 else { return nil }
    let length = parts.count == 2 ? Decimal.parse(parts[1]) : bytes.count * 8
    guard let length, length <= bytes.count * 8 else { return nil }
    (self.bytes, prefix) = (bytes, length)
  }

  /// Whether it is everybody.
  var isEverything: Bool { prefix == 0 }

  /// The same with every bit beyond the prefix cleared: the network in which the address lies.
  var network: NetworkText {
    NetworkText(bytes: bytes.enumerated().map { $1 & Self.mask(prefix - $0 * 8) }, prefix: prefix)
  }

  /// Whether no bit beyond the prefix is set.
  var isNetwork: Bool { network.bytes == bytes }

  /// `address/prefix`.
  var text: String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 46) { buffer in
      inet_ntop(bytes.count == 4 ? AF_INET : AF_INET6, bytes, buffer.baseAddress, 46)
      return (buffer.baseAddress.map { String(cString: $0) } ?? "") + "/\(prefix)"
    }
  }

  private init(bytes: [UInt8], prefix: Int) { (self.bytes, self.prefix) = (bytes, prefix) }

  /// The bits that count in a byte of which `left` bits are within the prefix.
  private static func mask(_ left: Int) -> UInt8 { left >= 8 ? 0xFF : left <= 0 ? 0 : 0xFF << (8 - UInt8(left)) }

  private static func bytes(_ text: String) -> [UInt8]? {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 16) { buffer in
      if inet_pton(AF_INET, text, buffer.baseAddress) == 1 { return Array(buffer.prefix(4)) }
      return inet_pton(AF_INET6, text, buffer.baseAddress) == 1 ? Array(buffer) : nil
    }
  }
}

extension Check {
  /// An entry of `proxy.trusted`.
  static let network = Check(
    "a network such as 10.0.0.0/8, an address, or the word unix",
    mend: { text in NetworkText(text).flatMap { $0.isNetwork ? nil : $0.network.text } }
  ) { $0 == "unix" || NetworkText($0)?.isNetwork == true }
}
