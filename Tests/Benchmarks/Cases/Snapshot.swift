// A million denied sessions through the feed: how soon a new subscriber has them all, and what they cost both sides.

import Counting
import Foundation
import SignetVerifier
import Synchronization

extension Case {
  static let snapshot = Case(name: "snapshot", about: "1,000,000 denied, until a new subscriber has them") { _ in
    let count = 1_000_000
    let folder = try TemporaryFolder()
    let settings = SignetServer.cheapHashing.merging(["SIGNET_ADMIN_LISTEN": "127.0.0.1:0"]) { $1 }
    let empty = try SignetServer(on: folder, settings: settings)
    try empty.addUser()
    let service = try empty.addService()
    _ = try empty.logIn(1)
    empty.stop()
    try StoreFile(path: empty.database).addDenials(count)

    let server = try SignetServer(on: folder, settings: settings)
    try server.waitUntilWhole()
    let (largest, processor) = (try server.largestMegabytes(), try server.processorTime())
    var options = VerifierOptions()
    options.revocations = RevocationFeed(clientID: service.id, clientSecret: service.secret, whenSilent: .failClosed)
    options.revocations?.mostEntries = 2 * count
    let entries = Atomic(0)
    options.revocations?.observer = { event in
      if case .current(let count) = event { entries.store(count, ordering: .relaxed) }
    }
    let verifier = try SignetVerifier(issuer: server.url, audience: "api", options: options)
    let before = try ownMegabytes()
    let clock = ContinuousClock()
    let begin = clock.now
    try await verifier.prepare()
    let seconds = Machine.seconds(begin.duration(to: clock.now))
    // Whoever waits is told a moment before the observer.
    for _ in 0..<1000 where entries.load(ordering: .relaxed) == 0 { usleep(1000) }
    let told = entries.load(ordering: .relaxed)
    guard told == count else { throw Failure("the feed told of \(told)") }
    let taken = try ownMegabytes() - before
    _ = try await verifier.verify(try server.logIn(1).first?.access ?? "")
    return [
      Figure(name: "1,000,000 denied until SignetVerifier has all", value: seconds * 1000, unit: "ms"),
      Figure(name: "processor time of the server for that", value: try server.processorTime() - processor, unit: "s"),
      Figure(name: "the server's memory before, at most", value: largest, unit: "MB"),
      Figure(name: "the server's memory after, at most", value: try server.largestMegabytes(), unit: "MB"),
      Figure(name: "the verifier's memory for them", value: taken, unit: "MB", target: .atMost(100)),
    ]
  }

  /// This process's memory, without what it has free: earlier work left some, which would hide what is taken now.
  private static func ownMegabytes() throws -> Double {
    _ = mallocTrim(0)
    return try Machine.megabytes("VmRSS:", of: getpid())
  }
}

/// glibc's malloc_trim, which its Swift module lacks.
@_silgen_name("malloc_trim") private func mallocTrim(_ pad: Int) -> Int32
