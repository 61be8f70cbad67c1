// A set of peers: a network in CIDR form (RFC 4632 3.1, RFC 4291 2.3), one address, or all Unix sockets.
//
// IPv4 peers have their own networks, also when they came mapped into IPv6; `::/0` is IPv6 alone.

/// A network of peers.
package struct Network: Sendable, Hashable, CustomStringConvertible {
  private let address: PeerAddress
  /// Of 128 bits; an IPv4 network's counts from 96.
  private let prefix: Int

  /// All peers of Unix sockets.
  package static let local = Network(address: .local, prefix: 128)

  /// Parses `address/prefix`, an address or `unix`; nil when it isn't one, and when a bit beyond the prefix is set.
  package init?(_ text: String) {
    if text == "unix" {
      self = .local
      return
    }
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count <= 2, let address = PeerAddress(String(parts[0])) else { return nil }
    // An IPv4 address written as one; one that is written as IPv6 counts all its bits.
    let before = address.isIPv4 && !parts[0].contains(":") ? 96 : 0
    var prefix = 128
    if parts.count == 2 {
      guard let length = Self.length(parts[1]), before + length <= 128 else { return nil }
      prefix = before + length
    }
    self.init(address: address, prefix: prefix)
    guard address.masked(prefix) == address else { return nil }
  }

  private init(address: PeerAddress, prefix: Int) { (self.address, self.prefix) = (address, prefix) }

  private static func length(_ text: Substring) -> Int? {
    guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), text == "0" || text.first != "0" else { return nil }
    return Int(text)
  }

  /// Whether the peer is in it.
  package func contains(_ peer: PeerAddress) -> Bool {
    guard peer.isIPv4 == address.isIPv4, (peer == .local) == (address == .local) else { return false }
    return peer.masked(prefix) == address
  }

  /// `address/prefix`, or `unix`.
  package var description: String {
    self == .local ? "unix" : "\(address.text)/\(address.isIPv4 ? prefix - 96 : prefix)"
  }
}
