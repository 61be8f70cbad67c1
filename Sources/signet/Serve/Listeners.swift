// The server's listeners: bound, or taken over from a supervisor that holds their sockets.
//
// They are the first thing a start does, since a port in use is the commonest mistake, and the issuer may follow from
// the port. A socket that was handed over belongs to the configured address it has; one which no address names would
// wait for clients whom nobody serves, so it is an error.

import Configuration
import Reactor

/// A socket and what its peers speak.
struct OpenListener: Sendable {
  let socket: ListeningSocket
  let speaksTLS: Bool
  let expectsProxyHeader: Bool

  /// Where it is reached: `http://…`, `https://…` or `unix:/path`.
  var url: String {
    socket.bound.family == .unix
      ? socket.bound.description : "\(speaksTLS ? "https" : "http")://\(socket.bound)"
  }
}

/// Every listener of a server.
struct Listeners: Sendable {
  /// For clients, in the order of the configuration; one at least.
  let clients: [OpenListener]
  /// For operators; nil when that is off.
  let operators: OpenListener?

  /// Takes what the supervisor handed over and binds the rest.
  init(_ settings: Settings) throws(CommandFailure) {
    var inherited = try Self.orFail(InheritedSockets.take)
    var clients: [OpenListener] = []
    for address in settings.listen { clients.append(try Self.open(address, settings, &inherited)) }
    self.clients = clients
    if let address = settings.admin.listen {
      operators = try Self.open(address, settings, &inherited, isPlain: true)
    } else {
      operators = nil
    }
    guard let strange = inherited.first?.bound else { return }
    throw .failed(
      "the supervisor handed over a socket on \(strange), which no listener names; "
        + "add it to listen, or take it out of the supervisor's socket unit")
  }

  /// Whether any of them speaks TLS.
  var speakTLS: Bool { clients.contains(where: \.speaksTLS) }

  /// The URL of the first that has one, which is the issuer when none is set.
  var issuer: String? { clients.first { $0.socket.bound.family != .unix }?.url }

  /// Where a command on this machine may ask for the server's health, the likeliest first: one that expects a proxy's
  /// header would take a request for a broken one.
  var recorded: [String] {
    let direct = clients.filter { !$0.expectsProxyHeader }
    let plain = direct.filter { !$0.speaksTLS } + [operators].compactMap { $0 }
    return (plain + direct.filter(\.speaksTLS)).map(\.url)
  }

  private static func open(
    _ address: Configuration.ListenAddress, _ settings: Settings, _ inherited: inout [ListeningSocket],
    isPlain: Bool = false
  ) throws(CommandFailure) -> OpenListener {
    OpenListener(
      socket: try socket(address, &inherited), speaksTLS: !isPlain && settings.speaksTLS(address),
      expectsProxyHeader: address.expectsProxyHeader)
  }

  private static func socket(
    _ address: Configuration.ListenAddress, _ inherited: inout [ListeningSocket]
  ) throws(CommandFailure) -> ListeningSocket {
    let wanted = try orFail { () throws(ListenError) in
      switch address.kind {
      case .tcp: try Reactor.ListenAddress("\(address)")
      case .unix(let path, let mode): try Reactor.ListenAddress(unix: path, mode: mode)
      }
    }
    if let place = inherited.firstIndex(where: { $0.bound == wanted.place }) { return inherited.remove(at: place) }
    do throws(ListenError) {
      return try ListeningSocket(wanted)
    } catch {
      guard let other = Self.rival(of: wanted, inherited) else { throw .failed("\(error)") }
      throw .failed(
        "listen has \(wanted), but the supervisor handed over a socket on \(other); "
          + "write \(other) in listen, or change the supervisor's socket unit")
    }
  }

  /// The inherited socket that has an address's port, on account of which it can't be bound.
  private static func rival(of wanted: Reactor.ListenAddress, _ inherited: [ListeningSocket]) -> BoundAddress? {
    inherited.lazy.map(\.bound).first { $0.family != .unix && $0.port == wanted.port }
  }

  private static func orFail<Result>(_ body: () throws(ListenError) -> Result) throws(CommandFailure) -> Result {
    do throws(ListenError) {
      return try body()
    } catch {
      throw .failed("\(error)")
    }
  }
}
