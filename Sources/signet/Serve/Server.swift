// The running server: everything that was assembled, and what happens to it until it ends.
//
// An actor, so that a reload, the watch over the store and the end never overlap. None of it is on a request's path.

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

/// A server from its configuration to its end.
actor Server {
  private var loaded: Loaded
  let parts: Parts
  private let supervisor = Supervisor()
  private let descriptors = DescriptorLimit.raise()
  var policy: Policy
  private var certificates: Certificates?
  private var watch: Task<Void, Never>?
  private var storeMark: Int64?
  /// Whether the store is to be read again whatever its mark says.
  var mustRead = true
  var rotation: KeyRotation
  var rotating: Task<Void, Never>?
  /// Readings of the store begun, and the latest begun of those that were published.
  var readings = (begun: 0, published: 0)
  /// What this server last told of itself, and when; by the clock that never jumps.
  var lastBeat: (offered: [String], keys: String, at: Int64)?
  var complaint: (text: String, at: Int64)?
  var flushedAt: Int64 = 0
  private var sweeping: [Task<Void, Never>] = []
  private var denials: Task<Void, Never>?
  private var redis: Task<Void, Never>?
  /// What was said of clients that get no tokens.
  var faults: [String] = []

  /// Opens everything and listens.
  init(_ loaded: Loaded) async throws {
    self.loaded = loaded
    parts = try await Parts(loaded)
    policy = parts.policy(loaded.settings)
    certificates = parts.certificates
    rotation = KeyRotation(parts)
    rotation.observe(parts.authority.snapshot)
  }

  /// Says where it listens, on standard output and to the supervisor, and begins to watch the store.
  func announce() {
    let listeners = parts.listeners
    for listener in listeners.clients { Output.line("listening on \(listener.url)") }
    if let listener = listeners.operators { Output.line("operators on \(listener.url)") }
    DataFolder.record(listeners.recorded, in: parts.lock)
    supervisor.ready()
    let few = DescriptorLimit.warning(descriptors, loaded.settings.limits)
    for warning in loaded.warnings + [few].compactMap({ $0 }) { parts.log.warning("\(warning)") }
    complain(of: parts.authority.snapshot)
    beginWatching()
    beginSweeping()
  }

  private func beginWatching() {
    parts.authority.rereads { if await !self.publish() { await self.readAgain() } }
    watch = Task {
      while !Task.isCancelled {
        try? await Task.sleep(for: .milliseconds(500))
        self.heedCertificates()
        await self.heedStore()
        self.heedKeys()
        await self.keepBeating()
        await self.noteVerifiers()
      }
    }
    heedDenials()
    if let mirror = RedisMirror(loaded.settings.redis, parts) { redis = Task { await mirror.run() } }
  }

  private func beginSweeping() {
    let authority = parts.authority
    sweeping = [
      Task {
        var (sweep, pause) = (SessionSweep(authority), 1000)
        while (try? await Task.sleep(for: .milliseconds(pause))) != nil { pause = await sweep.step() }
      },
      Task {
        var (sweep, pause) = (DenialSweep(authority), 1000)
        while (try? await Task.sleep(for: .milliseconds(pause))) != nil { pause = await sweep.step() }
      },
    ]
  }

  /// Lets the watch try again what couldn't be read.
  private func readAgain() { mustRead = true }

  /// Takes over what is denied, and tells the feed.
  private func heedDenials() {
    denials = Task { [denylist = parts.authority.denylist, feed = parts.feed] in
      await withDiscardingTaskGroup { group in
        var isServed = false
        // Apart from the watch, which waits for whole readings of the keys: another process's logout is heeded within this.
        repeat {
          guard (try? await denylist.heed()) != nil, !isServed else { continue }
          isServed = true
          group.addTask { await feed.serve(denylist) }
        } while (try? await Task.sleep(for: .milliseconds(500))) != nil
      }
    }
  }

  /// Takes up a certificate which was renewed.
  private func heedCertificates() { certificates?.heed(parts.server, parts.log) }

  /// Takes over what another process (a command, or another node) changed of keys and clients. The first time too, since
  /// it may have changed them after they were read at start; and again next time when reading them fails.
  private func heedStore() async {
    guard let mark = try? await parts.store.changeMark(), mark != storeMark || mustRead else { return }
    mustRead = false
    if await publish() { storeMark = mark } else { mustRead = true }
  }

  /// Reads the configuration again; a bad one changes nothing.
  func reload(_ load: @Sendable () throws -> Loaded) async {
    supervisor.reloading()
    defer { supervisor.ready() }
    do {
      let next = try load()
      let changes = Settings.changes(from: loaded, to: next)
      if !changes.needRestart.isEmpty {
        parts.log.warning("these settings need a restart: \(changes.needRestart.joined(separator: ", "))")
      }
      let parameters = try next.settings.argon2
      loaded = next
      parts.apply(next.settings, parameters)
      if let files = next.settings.tls.credentials { certificates?.reload(files, parts.server, parts.log) }
      policy = parts.policy(next.settings)
      // Tried again by the watch when the store can't be read at the moment.
      if await !publish() { mustRead = true }
      let changed = changes.reloadable.isEmpty ? "nothing" : changes.reloadable.joined(separator: ", ")
      parts.log.notice("configuration read again; changed: \(changed)")
    } catch {
      let why = (error as? CommandFailure)?.message ?? "\(error)"
      parts.log.error("the configuration can't be read again, the old one stays in force: \(why)")
    }
  }

  /// Stops accepting, finishes what is in flight, closes everything.
  func stop() async {
    supervisor.stopping()
    parts.log.notice("stopping")
    watch?.cancel()
    // Not waited for: it may be in the midst of a call to a Redis that hangs, and owes nothing that isn't in the store.
    redis?.cancel()
    await parts.authority.statusLists.stop()
    let background = sweeping + [denials].compactMap { $0 }
    for task in background { task.cancel() }
    await watch?.value
    for task in background { await task.value }
    await rotating?.value
    await parts.close()
  }
}
