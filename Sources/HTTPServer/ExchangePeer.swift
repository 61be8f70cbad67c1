// Who is at the other end, in values that need no other module.

import Reactor

extension Exchange {
  /// The other end's IP address as text, without the port.
  package var address: String { peer.text }

  /// What tells one party from another: an IPv4 address whole, an IPv6 address by its /64.
  package var addressPrefix: UInt64 { peer.prefix.reduce(0) { $0 << 8 | UInt64($1) } }
}
