// Every bound and every deadline of the HTTP server, each with its reason. Times are in milliseconds, sizes in bytes.

/// The server's bounds and deadlines.
/// The server's bounds and deadlines.
package struct Limits: Sendable {
  /// The defaults.
  package init() {}

  /// The request line and all fields: room for a large cookie and a DPoP proof, too little to fill memory with.
  package var head = 16 << 10
  /// Browsers send 20, proxies add 10.
  package var fields = 100
  /// The largest JSON or form which Signet reads is far below it.
  package var body = 64 << 10
  /// What browsers and proxies carry safely.
  package var target = 8 << 10

  /// From accepting to the end of the TLS handshake, with a PROXY header before it.
  package var handshakeTime = 10_000
  /// From a request's first byte to the end of its head: slow on purpose otherwise.
  package var headTime = 10_000
  /// From the end of the head to the end of the body: 64 KiB over the slowest mobile network.
  package var bodyTime = 30_000
  /// Above the 60 s of common load balancers, so that they close first and never meet a closed connection.
  package var idleTime = 75_000
  /// Without progress of a write; a client that doesn't read holds memory.
  package var writeTime = 30_000
  /// For a client to take a last answer before its unread bytes make the kernel reset the connection.
  package var lingerTime = 2_000
  /// Unread bytes thrown away meanwhile.
  package var lingerBytes = 256 << 10
  /// For a kept connection to send one more request, and be told that it was the last, when the server stops.
  package var farewellTime = 1_000
  /// Requests in flight when the server stops; orchestrators commonly kill after 30 s or more.
  package var drainTime = 30_000

  /// Over all loops: under 8 KiB each while idle, and a descriptor each.
  package var connections = 20_000
  /// From one IPv4 address or IPv6 /64; 0 is without limit, since proxies and offices stand behind one address.
  package var connectionsPerAddress = 0
  /// TLS handshakes in progress over all loops, 60 KiB each; beyond, the one that waits longest gives way.
  package var handshakes = 4096
  /// A handshake in progress for less than this doesn't give way: it is slow, not stuck.
  package var handshakePatience = 1_000
  /// On one connection before it is closed; 0 is without limit.
  package var requestsPerConnection = 0
  /// Read ahead while a request is being answered: a few pipelined requests.
  package var pipelined = 16 << 10
  /// Answers not yet written, beyond which no further request of the connection is looked at.
  package var pendingOutput = 32 << 10
  /// Of a stream's pieces not yet written, above which its endpoint waits: a page of what it has to say.
  package var streamRoom = 32 << 10
  /// Of the same, at which an endpoint that doesn't wait is cut off.
  package var streamOutput = 128 << 10
  /// After so long without a piece a stream's endpoint is asked for one: proxies commonly end what is silent for 30 to 60
  /// seconds, and only what is written shows that its reader is gone.
  package var streamQuiet = 15_000
  /// A chunk's size with its extensions, which nobody uses for more than a name.
  package var chunkLine = 256
  /// Exchanges with their buffers kept for the next requests, a loop: one for each request in flight at once.
  package var pooledExchanges = 256
}
