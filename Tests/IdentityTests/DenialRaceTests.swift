// Ending, refreshing and changing at once, with batches that fail between: whoever has seen the answer to the ending of a
// session finds its tokens refused, on every thread; and nothing is refused that wasn't ended.
//
// A failure names its seed; `SIGNET_SEED=n swift test --filter DenialRaceTests` plays that one again, as far as threads do.

import Glibc
import OpenSSL
import Passwords
import Synchronization
import Telemetry
import Testing

@testable import Identity
@testable import Storage

@Suite struct DenialRaceTests {
  /// A session's fate, as those who caused it have been told.
  private final class Subject: Sendable {
    enum Fate: UInt8 {
      case live, ending, ended
    }

    let id: UniqueID
    let fate = Atomic<UInt8>(Fate.live.rawValue)
    let generation = Atomic<UInt32>(0)

    init(_ id: UniqueID) { self.id = id }

    var known: Fate? { Fate(rawValue: fate.load(ordering: .acquiring)) }

    func set(_ fate: Fate) { self.fate.store(fate.rawValue, ordering: .releasing) }
  }

  private final class Race: Sendable {
    let store: SQLiteStore
    let denylist: Denylist
    let subjects: [Subject]
    let isOver = Atomic<Bool>(false)
    let errors = Atomic<Int>(0)

    init(_ store: SQLiteStore, _ denylist: Denylist, _ subjects: [Subject]) {
      (self.store, self.denylist, self.subjects) = (store, denylist, subjects)
    }

    /// A token of this session, of its first or its latest generation.
    func isRefused(_ subject: Subject, _ generation: UInt32) -> Bool {
      let token = DeniableToken(session: subject.id, generation: generation, id: UniqueID(high: 0, low: 0))
      return denylist.verdict(on: token) == .denied
    }

    func check() async {
      while !isOver.load(ordering: .relaxed) {
        for subject in subjects {
          let (before, generation) = (subject.known, subject.generation.load(ordering: .relaxed))
          let isRefused = isRefused(subject, generation)
          if before == .ended, !isRefused { errors.wrappingAdd(1, ordering: .relaxed) }
          if isRefused, subject.known == .live { errors.wrappingAdd(1, ordering: .relaxed) }
        }
        await Task.yield()
      }
    }

    /// Ends it, some times in vain.
    func end(_ subject: Subject) async {
      subject.set(.ending)
      do {
        _ = try await store.endSession(
          subject.id, of: nil, reason: .logout, event: .logout, now: 1_700_000_000_100,
          context: RequestContext(actor: "user"))
        subject.set(.ended)
        if !isRefused(subject, 0) { errors.wrappingAdd(1, ordering: .relaxed) }
      } catch {
        // Undone, and nobody was told: it goes on.
        if isRefused(subject, 0) { errors.wrappingAdd(1, ordering: .relaxed) }
        subject.set(.live)
      }
    }

    func refresh(_ subject: Subject) async {
      let generation = subject.generation.load(ordering: .relaxed)
      let presented = PresentedRefresh(
        clientID: nil, generation: generation, addressPrefix: 7, now: 1_700_000_000_100, clockIsSettling: false)
      let request = RotationRequest(
        session: subject.id, presented: presented,
        policy: RefreshPolicy(retryWindow: 60_000, idleTTL: 600_000, revokesRetriesElsewhere: false),
        context: RequestContext(actor: "user"))
      if case .rotated(let found, _)? = try? await store.rotate(request) {
        subject.generation.store(found.session.generation, ordering: .relaxed)
      }
    }

    /// A batch in which this stands is undone, and tried job by job or given up.
    func fail(_ error: StoreError) async {
      try? await store.writer.write { (_) throws(StoreError) in throw error }
    }
  }

  @Test func nothingEndedIsAccepted() async throws {
    let seed = getenv("SIGNET_SEED").flatMap { UInt64(String(cString: $0)) } ?? .random(in: .min ... .max)
    print("denial race: SIGNET_SEED=\(seed)")
    let world = try World()
    var policy = Policy.standard
    policy.maxSessionsPerUser = 1000
    let (issuer, pool) = try await world.issuer(try await world.ring(), clock: FakeClock().clock, policy: policy)
    _ = try await world.addUser("ada", "correct horse", pool)
    var subjects: [Subject] = []
    for _ in 0..<120 {
      let login = LoginRequest(username: "ada", password: "correct horse")
      subjects.append(Subject(try await issuer.login(login, from: requester).sessionID))
    }
    try await issuer.authority.denylist.heed()
    let race = Race(world.store, issuer.authority.denylist, subjects)
    await run(race, seed)
    #expect(race.errors.load(ordering: .relaxed) == 0, "seed \(seed)")
    let ended = subjects.filter { $0.known == .ended }.count
    #expect(ended > 0, "seed \(seed)")
    #expect(try await world.store.denials(after: 0, limit: 1000).count == ended, "seed \(seed)")
    pool.stop()
  }

  private func run(_ race: Race, _ seed: UInt64) async {
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<2 { group.addTask { await race.check() } }
      await withTaskGroup(of: Void.self) { writers in
        for number in 0..<8 {
          writers.addTask {
            var state = seed &+ UInt64(number)
            for _ in 0..<150 {
              state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
              let index = Int(state >> 33) % race.subjects.count
              let subject = race.subjects[index]
              switch state >> 60 {
              case 0: await race.fail(.failed("odd"))
              case 1: await race.fail(.full)
              // A fate has one author.
              case 2...4 where index % 8 == number && subject.known == .live: await race.end(subject)
              default: await race.refresh(subject)
              }
            }
          }
        }
      }
      race.isOver.store(true, ordering: .relaxed)
    }
  }
}
