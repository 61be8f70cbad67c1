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
  let group: EventLoopGroup
  let server: HTTPServer
  let listeners: Listeners
  /// As it was at start; nil when no listener speaks TLS.
  let certificates: Certificates?
  private let issuer: String
  /// As they were at start; some of them hold until the end.
  private let first: Settings

  init(_ loaded: Loaded) async throws {
    let settings = loaded.settings
    // Read once: no child process and no core dump of the environment shall have it.
    for name in loaded.secretVariables { Self.forget(name) }
    // Unwrapped keys lie in memory: no core file may take them to the disk.
    var none = rlimit(rlim_cur: 0, rlim_max: 0)
    setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
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
    let policy = Self.policy(settings, issuer)
    let snapshot = try await Self.snapshot(store, policy, settings)
    for what in missing { log.notice("made \(what)") }
    authority = Authority(store: store, hashing: hashing, clock: Clock(), metrics: metrics, snapshot: snapshot)
    group = EventLoopGroup(count: settings.server.loops)
    server = HTTPServer(
      group: group, limits: bounds(settings.limits), metrics: metrics, log: ring, access: settings.log.accessMode)
    measure()
    listen(settings)
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
    let (authority, origins) = (authority, settings.cors.origins)
    var options = ListenerOptions()
    options.proxies = settings.proxy.trustedProxies
    options.strictTransport = settings.tls.hsts.milliseconds / 1000
    for listener in listeners.clients {
      options.speaksTLS = listener.speaksTLS
      options.expectsProxyHeader = listener.expectsProxyHeader
      server.listen(on: listener.socket, options: options) { loop in
        Self.endpoints(authority, origins, loop).publicRouter()
      }
    }
    if let listener = listeners.operators {
      var options = ListenerOptions()
      options.reserve = 32
      server.listen(on: listener.socket, options: options) { loop in
        Self.endpoints(authority, origins, loop).operatorRouter()
      }
    }
  }

  /// The loop's endpoints, made at the first listener and kept by the loop; they adopt every snapshot published later.
  private static func endpoints(_ authority: Authority, _ origins: [String], _ loop: isolated EventLoop) -> Endpoints {
    if let endpoints = loop.attachments[endpointsKey] as? Endpoints { return endpoints }
    do {
      let issuer = try Issuer(authority) { milliseconds in await loop.sleep(milliseconds: milliseconds) }
      let endpoints = Endpoints(issuer, origins: origins)
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

  /// The policy of these settings; issuer and algorithms stay what they were at start.
  func policy(_ settings: Settings) -> Policy {
    var policy = Self.policy(settings, issuer)
    policy.algorithm = first.token.algorithm.rawValue
    policy.algorithms = first.token.algorithms.map(\.rawValue)
    return policy
  }

  private static func policy(_ settings: Settings, _ issuer: String) -> Policy {
    Policy(
      issuer: issuer, audience: settings.token.audience, algorithm: settings.token.algorithm.rawValue,
      algorithms: settings.token.algorithms.map(\.rawValue),
      accessTTL: Int64(settings.token.accessTTL.milliseconds), idleTTL: Int64(settings.session.idleTTL.milliseconds),
      absoluteTTL: Int64(settings.session.absoluteTTL.milliseconds),
      retryWindow: Int64(settings.session.retryWindow.milliseconds),
      revokesRetriesElsewhere: settings.session.retryElsewhere == .revoke,
      maxSessionsPerUser: settings.session.maxPerUser, minimumPasswordLength: settings.password.minLength)
  }

  /// A snapshot of the store's keys and clients under this policy. By the master key of the start: one that came through
  /// the environment is nowhere else.
  func snapshot(_ policy: Policy) async throws -> Snapshot { try await Self.snapshot(store, policy, first) }

  private static func snapshot(_ store: SQLiteStore, _ policy: Policy, _ settings: Settings) async throws -> Snapshot {
    do {
      let ring = try await KeyRing.open(
        store, Workbench.masterKeySource(settings), algorithm: policy.algorithm, algorithms: policy.algorithms,
        now: Workbench.now)
      return Snapshot(policy: policy, ring: ring, clients: try await store.clients())
    } catch {
      throw CommandFailure.failed("\(error)")
    }
  }

  private func measure() {
    let (hashing, ring) = (hashing, ring)
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
  func close() {
    server.drain()
    hashing.stop()
    group.stop()
    group.join()
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
