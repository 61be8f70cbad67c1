// What a listener's connections begin with, and which words about their origin are believed.

package import Reactor

/// How the connections of one listener are opened.
package struct ListenerOptions: Sendable {
  /// Whether they speak TLS, by the context which the server has at the time.
  package var speaksTLS = false
  /// Whether each begins with a PROXY protocol header of version 2; only trusted proxies may connect then.
  package var expectsProxyHeader = false
  /// Whom to believe about where a request came from; nobody, by default.
  package var proxies = TrustedProxies()
  /// Seconds for which browsers are told to use TLS alone (RFC 6797 6.1.1); 0 tells them nothing.
  package var strictTransport = 0

  /// Connections taken beyond `Limits.connections`, so that a full server can still be looked into.
  package var reserve = 0

  /// A plain listener which believes nobody.
  package init() {}
}

/// The proxies in front of this server.
package struct TrustedProxies: Sendable {
  /// Where they connect from.
  package var networks: [Network]
  /// Which fields they set.
  package var fields: ForwardedFields.Choice
  /// Whether what comes as `Client-Cert` (RFC 9440) is theirs, and never a client's.
  package var setClientCert = false

  /// - Parameter networks: empty for none.
  package init(networks: [Network] = [], fields: ForwardedFields.Choice = .auto) {
    self.networks = networks
    self.fields = fields
  }

  /// Whether the address is one of theirs.
  func contain(_ address: PeerAddress) -> Bool { networks.contains { $0.contains(address) } }
}
