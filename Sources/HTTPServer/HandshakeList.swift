// The TLS handshakes in progress on a loop, in the order in which they began: a list linked through the connections, so
// that any of them leaves it without a search.

/// Connections whose handshake is in progress.
struct HandshakeList {
  /// A connection's place in the list.
  struct Link {
    /// Milliseconds on the loop's clock.
    let since: Int
    unowned var earlier: HTTPConnection?
    unowned var later: HTTPConnection?
  }

  /// The one that began first.
  private(set) var oldest: HTTPConnection?
  private var newest: HTTPConnection?
  private(set) var count = 0

  /// Adds one which begins now.
  mutating func add(_ connection: HTTPConnection, at now: Int) {
    connection.handshake = Link(since: now, earlier: newest, later: nil)
    newest?.handshake?.later = connection
    newest = connection
    if oldest == nil { oldest = connection }
    count += 1
  }

  /// Takes one out, if it is in.
  mutating func remove(_ connection: HTTPConnection) {
    guard let link = connection.handshake else { return }
    if let earlier = link.earlier { earlier.handshake?.later = link.later } else { oldest = link.later }
    if let later = link.later { later.handshake?.earlier = link.earlier } else { newest = link.earlier }
    connection.handshake = nil
    count -= 1
  }
}
