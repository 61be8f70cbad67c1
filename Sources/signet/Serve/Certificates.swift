// The TLS certificate in force, and the watch over its files.
//
// Renewal tools replace files one after the other, so a change is looked at once nothing has changed for one more
// interval; what can't be used then changes nothing, is said once, and is tried again when the files change again, and
// now and then: descriptors may have run out, a clock may have been wrong. A context that is half a day old is replaced
// also without a change, since the keys of session tickets are its own: a key stolen from memory opens no more than what
// was sent in that time.

import API
import Configuration
import Glibc
import HTTPServer
import Logging
import OpenSSL
import Reactor
import Synchronization
import Telemetry

/// The TLS certificate of a running server.
struct Certificates {
  /// What tells one state of the files from another.
  private struct Stamp: Equatable {
    private var parts: [Int] = []

    init(_ paths: [String]) {
      for path in paths {
        var status = stat()
        guard stat(path, &status) == 0 else {
          parts += [-1]
          continue
        }
        // The inode's time and not the content's: it tells of new permissions too.
        parts += [Int(status.st_ino), Int(status.st_size), status.st_ctim.tv_sec, status.st_ctim.tv_nsec]
      }
    }
  }

  /// Seconds for which one context's ticket keys are used.
  private static let ticketKeyLife = 43_200
  /// Seconds before the end at which a certificate should have been renewed: half of what short-lived ones have left
  /// when renewal tools act.
  private static let soon = 7 * 86_400
  /// Seconds after which what is wrong with a certificate is said again.
  private static let day = 86_400
  /// Seconds after which files that couldn't be used are tried again.
  private static let patience = 30

  private let expiry: Expiry
  private var context: TLSContext
  /// What the configuration names; the context may be of what it named before.
  private var wanted: TLSCredentials
  private var loadedAt: Int
  /// The files' state that was tried last, with or without success, and the one seen last.
  private var tried: Stamp
  private var seen: Stamp
  private var triedAt: Int
  /// Why the files that were tried last aren't in force; nil when they are.
  private var complaint: String?
  private var saidAt: Int

  /// Loads the certificate for the first time; throws what is wrong with its files.
  init(_ credentials: TLSCredentials) throws(CommandFailure) {
    let stamp = Stamp(credentials.files)
    do throws(TLSError) {
      context = try TLSContext(credentials)
    } catch {
      throw .failed("\(error)")
    }
    wanted = credentials
    (tried, seen, loadedAt, triedAt, saidAt) = (stamp, stamp, time(nil), time(nil), time(nil))
    expiry = Expiry(context.validity.upperBound)
  }

  /// What an operator should know of it.
  var warnings: [String] {
    var warnings: [String] = []
    let key = context.credentials.key
    var status = stat()
    if stat(key, &status) == 0, status.st_mode & 0o007 != 0 {
      warnings.append("\(key) can be read by every user of this machine; run chmod o= \(key)")
    }
    if let notice = Self.notice(context) { warnings.append(notice) }
    return warnings
  }

  /// Has the server use it, and the metrics show when it expires.
  func begin(_ server: HTTPServer, _ metrics: Metrics, _ log: Logger) {
    for warning in warnings { log.warning("\(warning)") }
    metrics.gauge("signet_tls_certificate_not_after_seconds", "When the TLS certificate expires, in seconds since 1970")
    {
      [expiry] in Double(expiry.seconds.load(ordering: .relaxed))
    }
    server.use(context)
  }

  /// Takes up what has changed in the files. Called now and then.
  mutating func heed(_ server: HTTPServer, _ log: Logger) {
    remind(log)
    let stamp = Stamp(wanted.files)
    defer { seen = stamp }
    guard stamp == seen else { return }
    if stamp != tried || complaint != nil && time(nil) - triedAt >= Self.patience {
      take(server, log)
    } else if time(nil) - loadedAt >= Self.ticketKeyLife {
      renew(server)
    }
  }

  /// Takes up these files now, whether or not they have changed.
  mutating func reload(_ credentials: TLSCredentials, _ server: HTTPServer, _ log: Logger) {
    (wanted, complaint) = (credentials, nil)
    take(server, log)
  }

  private mutating func take(_ server: HTTPServer, _ log: Logger) {
    (tried, triedAt) = (Stamp(wanted.files), time(nil))
    let next: TLSContext
    do {
      next = try TLSContext(wanted)
    } catch {
      return complain("the TLS certificate can't be read again, the old one stays in force: \(error)", log)
    }
    let now: Int = time(nil)
    if !next.validity.contains(now) {
      guard !context.validity.contains(now) else {
        return complain("\(Self.outdated(next)), the old one stays in force", log)
      }
      log.warning("\(Self.outdated(next))")
    }
    complaint = nil
    use(next, server)
    log.notice("TLS certificate read again, good until \(Self.text(next.validity.upperBound))")
  }

  /// Says once a day what is still wrong.
  private mutating func remind(_ log: Logger) {
    guard time(nil) - saidAt >= Self.day else { return }
    saidAt = time(nil)
    if let complaint { log.error("\(complaint)") }
    if let notice = Self.notice(context) { log.warning("\(notice)") }
  }

  /// Says why the files aren't taken up, but not again and again.
  private mutating func complain(_ text: String, _ log: Logger) {
    if text != complaint { log.error("\(text)") }
    complaint = text
  }

  /// The same certificate with new ticket keys.
  private mutating func renew(_ server: HTTPServer) {
    // What fails now was good before: the files are watched, so the reason is said when they change.
    if let next = try? TLSContext(context.credentials) { use(next, server) }
    loadedAt = time(nil)
  }

  private mutating func use(_ next: TLSContext, _ server: HTTPServer) {
    context = next
    loadedAt = time(nil)
    expiry.seconds.store(next.validity.upperBound, ordering: .relaxed)
    server.use(next)
  }

  /// What to say of its time; nil while there is nothing to say.
  private static func notice(_ context: TLSContext) -> String? {
    let now: Int = time(nil)
    guard context.validity.contains(now) else { return outdated(context) }
    guard context.validity.upperBound - now < soon else { return nil }
    return
      "the certificate \(context.credentials.certificate) expires on \(text(context.validity.upperBound)); renew it"
  }

  private static func outdated(_ context: TLSContext) -> String {
    let range = context.validity
    let path = context.credentials.certificate
    return range.upperBound < time(nil)
      ? "the certificate \(path) expired on \(text(range.upperBound)); renew it"
      : "the certificate \(path) is good from \(text(range.lowerBound)) only; check the clock"
  }

  private static func text(_ seconds: Int) -> String { Timestamp.text(Int64(seconds) * 1000) }
}

/// When the certificate in force expires, for the metric.
private final class Expiry: Sendable {
  let seconds: Atomic<Int>

  init(_ seconds: Int) { self.seconds = Atomic(seconds) }
}

extension Settings.TLS {
  /// The files of the TLS server; nil when none are named.
  var credentials: TLSCredentials? {
    guard let certificate, let key else { return nil }
    let clients: TLSCredentials.ClientCertificates =
      switch (clientCertificate, clientCA) {
      case (.none, _), (.verified, nil): .none
      case (.verified, let authorities?): .verified(authorities: authorities)
      case (.any, let authorities): .any(authorities: authorities)
      }
    return TLSCredentials(certificate: certificate, key: key, clientCertificates: clients)
  }
}

extension Settings.Proxy {
  /// Whom the server believes about where requests come from.
  var trustedProxies: TrustedProxies {
    let fields: ForwardedFields.Choice =
      switch header {
      case .auto: .auto
      case .forwarded: .forwarded
      case .xForwardedFor: .xForwardedFor
      }
    var proxies = TrustedProxies(networks: trusted.compactMap { Network($0) }, fields: fields)
    proxies.setClientCert = clientCertificate
    return proxies
  }
}
