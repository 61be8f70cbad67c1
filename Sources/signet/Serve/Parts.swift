// The server's parts, made in the order in which each needs the one before, closed in the other order.

import API
import Configuration
import Glibc
import HTTPServer
import Identity
import Logging
import OpenSSL
import Passwords
import Reactor
import Storage
import Telemetry

/// What a running server is made of.
struct Parts: Sendable {
  let lock: Int32
  let ring = LogRing()
  let logControl: LogControl
  let log: Logger
  let metrics = Metrics()
  let store: SQLiteStore
  let hashing: HashingPool
  let authority: Authority
  let feed = FeedHub()
  let adminToken: AdminToken
  let keys: KeyReading
  let node: Node
  let group: EventLoopGroup
  let server: HTTPServer
  let listeners: Listeners
  /// As it was at start; nil when no listener speaks TLS.
  let certificates: Certificates?
  let issuer: String
  /// As they were at start; some of them hold until the end.
  let first: Settings

  init(_ loaded: Loaded) async throws {
    let settings = loaded.settings
    Self.keepSecrets(loaded)
    let folder = try DataFolder(preparing: settings.data)
    lock = try folder.lockForServing()
    let control = LogControl(level: settings.log.loggerLevel, format: settings.log.format == .json ? .json : .text)
    logControl = control
    let ring = ring
    LoggingSystem.bootstrap { JSONLogHandler(label: $0, ring: ring, control: control) }
    log = Logger(label: "signet")

    // Before anything is opened; see there.
    listeners = try Listeners(settings)
    certificates = try listeners.speakTLS ? settings.tls.credentials.map(Certificates.init) : nil
    issuer = settings.issuer ?? listeners.issuer ?? ""
    first = settings

    let missing = try Self.missing(settings)
    store = try Workbench.openStore(settings, folder, metrics)
    hashing = HashingPool(
      threads: settings.hashing.threads, queue: settings.hashing.queue,
      deadline: settings.hashing.deadline.milliseconds, parameters: try settings.argon2)
    let policy = Self.policy(settings, issuer, settings.proxy)
    let clock = Clock()
    node = Node(store, issuer: issuer, clock)
    keys = KeyReading(store, Workbench.masterKeySource(settings), node: node.id, clock)
    // Whoever else stands in the table was a server on this folder before: its lock is ours now.
    try await CommandFailure.wrap { [node] in try await node.beat(policy.algorithms, keys: "", alone: true) }
    let read = try await CommandFailure.wrap { [keys] in try await keys.read(policy) }
    try Self.check(read.snapshot)
    Self.tell(missing, read.notes, settings, log)
    authority = Authority(store: store, hashing: hashing, clock: clock, metrics: metrics, snapshot: read.snapshot)
    adminToken = try AdminTokenFile.renew(in: folder)
    group = EventLoopGroup(count: settings.server.loops)
    server = HTTPServer(
      group: group, limits: bounds(settings.limits), metrics: metrics, log: ring, access: settings.log.accessMode)
    measure()
    listen(settings)
  }

  /// Better no server than one whose browsers' sessions can't be refreshed.
  private static func check(_ snapshot: Snapshot) throws {
    if let fault = snapshot.pages.faults.first { throw CommandFailure.failed(fault) }
  }

  /// Says what the start has made and done.
  private static func tell(_ missing: [String], _ notes: [String], _ settings: Settings, _ log: Logger) {
    for what in missing.map({ "made \($0)" }) + notes { log.notice("\(what)") }
    if settings.masterKeyPrevious != nil, notes.isEmpty {
      log.notice("the keys are wrapped by the present master key; SIGNET_MASTER_KEY_PREVIOUS can go")
    }
  }

  /// Keeps what was read of the environment, and what will lie in memory, from others.
  private static func keepSecrets(_ loaded: Loaded) {
    // Read once: no child process and no core dump of the environment shall have it.
    if !loaded.secretVariables.isEmpty { Warming.finish() }
    for name in loaded.secretVariables { forget(name) }
    // Unwrapped keys lie in memory: no core file may take them to the disk.
    var none = rlimit(rlim_cur: 0, rlim_max: 0)
    setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
  }

  /// What a first start is about to make.
  private static func missing(_ settings: Settings) throws -> [String] {
    let database = try Workbench.storePath(settings)
    guard access(database, F_OK) != 0 else { return [] }
    var made = [
      "the database \(database)",
      "the first signing keys (\(settings.token.algorithms.map(\.rawValue).joined(separator: ", ")))",
    ]
    if settings.masterKey == nil, access(settings.masterKeyFile, F_OK) != 0 {
      made.insert("the master key \(settings.masterKeyFile); keep a copy apart from the database", at: 1)
    }
    return made
  }

  /// Unsets a variable and wipes its text, which otherwise stays readable in /proc and in a core dump.
  private static func forget(_ name: String) {
    if let text = getenv(name) { memset(text, 0, strlen(text)) }
    unsetenv(name)
  }

  /// Puts every listener to work. Operators' requests come from where their connection comes from: their rights depend
  /// on it, so no field is believed there.
  private func listen(_ settings: Settings) {
    certificates?.begin(server, metrics, log)
    let (authority, feed, adminToken, origins) = (authority, feed, adminToken, settings.cors.origins)
    var options = ListenerOptions()
    options.proxies = settings.proxy.trustedProxies
    options.strictTransport = settings.tls.hsts.milliseconds / 1000
    for listener in listeners.clients {
      options.speaksTLS = listener.speaksTLS
      options.expectsProxyHeader = listener.expectsProxyHeader
      server.listen(on: listener.socket, options: options) { loop in
        Self.endpoints(authority, feed, adminToken, origins, loop).publicRouter()
      }
    }
    if let listener = listeners.operators {
      var options = ListenerOptions()
      options.reserve = 32
      let port = Int(listener.socket.bound.port)
      server.listen(on: listener.socket, options: options) { loop in
        Self.endpoints(authority, feed, adminToken, origins, loop).operatorRouter(port: port)
      }
    }
  }

  /// The loop's endpoints, made at the first listener and kept by the loop; they adopt every snapshot published later.
  private static func endpoints(
    _ authority: Authority, _ hub: FeedHub, _ adminToken: AdminToken, _ origins: [String], _ loop: isolated EventLoop
  ) -> Endpoints {
    if let endpoints = loop.attachments[endpointsKey] as? Endpoints { return endpoints }
    do {
      let issuer = try Issuer(authority) { milliseconds in await loop.sleep(milliseconds: milliseconds) }
      let feed = Feed(hub) {
        loop.submit { loop in (loop.attachments[endpointsKey] as? Endpoints)?.feed.take() }
      }
      let endpoints = Endpoints(issuer, origins: origins, feed: feed, adminToken: adminToken)
      loop.attachments[endpointsKey] = endpoints
      authority.subscribe { snapshot in
        loop.submit { loop in (loop.attachments[endpointsKey] as? Endpoints)?.adopt(snapshot) }
      }
      return endpoints
    } catch {
      // The snapshot's keys were used when it was made; only a lack of memory can bring this about.
      preconditionFailure("an event loop's keys can't be prepared")
    }
  }

  /// Waits until every loop has adopted what was published.
  func adopted() async {
    for loop in group.loops {
      await withCheckedContinuation { continuation in loop.submit { _ in continuation.resume() } }
    }
  }

  /// Applies what can change while the server runs.
  func apply(_ settings: Settings, _ parameters: Argon2Parameters) {
    logControl.level = settings.log.loggerLevel
    logControl.format = settings.log.format == .json ? .json : .text
    server.accessLog = settings.log.accessMode
    hashing.reconfigure(parameters: parameters)
    let origins = settings.cors.origins
    for loop in group.loops {
      loop.submit { loop in (loop.attachments[endpointsKey] as? Endpoints)?.allow(origins: origins) }
    }
  }

  private func measure() {
    let (hashing, ring, feed) = (hashing, ring, feed)
    metrics.gauge("signet_revocation_streams", "Streams of the feed of revocations.") { Double(feed.streams) }
    metrics.gauge("signet_hashing_queued", "Password hashes waiting.") { Double(hashing.queued) }
    metrics.gauge("signet_hashing_running", "Password hashes being computed.") { Double(hashing.running) }
    metrics.gauge("signet_hashing_slowest_seconds", "What the slowest scheme in use takes.") {
      Double(hashing.slowestMilliseconds) / 1000
    }
    metrics.gauge("signet_log_dropped_lines", "Log lines dropped because standard error was blocked.") {
      Double(ring.dropped)
    }
  }

  /// Stops accepting, finishes what is in flight, closes everything.
  func close() async {
    server.drain()
    hashing.stop()
    group.stop()
    group.join()
    try? await node.leave()
    store.close()
    ring.close()
  }
}

/// Under which an event loop keeps its endpoints.
private let endpointsKey = ObjectIdentifier(Endpoints.self)

extension Settings.Log {
  var loggerLevel: Logger.Level { Logger.Level(rawValue: level.rawValue) ?? .info }

  var accessMode: AccessLogMode {
    switch access {
    case .errors: .errors
    case .all: .all
    case .none: .none
    }
  }
}

/// The HTTP server's bounds, with those that can be configured as they are.
private func bounds(_ settings: Settings.Limits) -> Limits {
  var limits = Limits()
  limits.connections = settings.connections
  limits.connectionsPerAddress = settings.connectionsPerAddress
  limits.head = settings.headBytes
  limits.fields = settings.fields
  limits.body = settings.bodyBytes
  limits.requestsPerConnection = settings.requestsPerConnection
  limits.handshakes = settings.handshakes
  limits.handshakeTime = settings.handshakeTimeout.milliseconds
  limits.headTime = settings.headTimeout.milliseconds
  limits.bodyTime = settings.bodyTimeout.milliseconds
  limits.idleTime = settings.idleTimeout.milliseconds
  limits.writeTime = settings.writeTimeout.milliseconds
  limits.drainTime = settings.drainTimeout.milliseconds
  return limits
}

extension Duration {
  /// Whole milliseconds.
  var milliseconds: Int { Int(components.seconds) * 1000 + Int(components.attoseconds / 1_000_000_000_000_000) }
}
