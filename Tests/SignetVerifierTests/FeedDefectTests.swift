// What a verifier does when its feed goes wrong: what it says at once, where it comes again, how soon, and how it recovers.

import Testing
import Threads

@testable import SignetVerifier

extension RevocationTests {
  /// What a feed may send that can't be taken, each behind something good in the same piece.
  enum Defect: CaseIterable {
    case malformed, tooLarge, badID, noRoom

    var text: String {
      let good = "id: 1-7\nevent: heartbeat\ndata: {}\n\n"
      switch self {
      case .malformed: return good + "id: 1-8\nevent: denied\ndata: {\n\n"
      case .tooLarge: return good + "id: 1-8\ndata: " + String(repeating: "x", count: EventStreamParser.largest)
      // No field of a request could hold it.
      case .badID: return good + "id: 1-8\u{e9}\nevent: heartbeat\ndata: {}\n\n"
      // The test's verifier has room for one.
      case .noRoom: return good + "id: 1-8\nevent: denied\ndata: {\"jti\":\"\(tokenID)\",\"exp\":9999999999}\n\n"
      }
    }

    var cause: FetchProblem.Cause { self == .noRoom ? .tooLarge : .badAnswer }
  }

  @Test(arguments: Defect.allCases, [RevocationFeed.WhenSilent.failOpen, .failClosed])
  func aDefectIsSilenceAtOnce(_ defect: Defect, _ whenSilent: RevocationFeed.WhenSilent) async throws {
    let told = Monitor([RevocationEvent]())
    let verifier = try verifier(whenSilent) {
      $0.observer = { event in told.withLock { $0.append(event) } }
      $0.mostEntries = 1
    }
    try await verifier.prepare()
    let (mine, other) = (try token(session: session), try token())
    feed.send("denied", #"{"sid":"\#(session)","exp":\#(later)}"#, id: "1-1")
    feed.send(defect.text)
    for isOver in [false, true] {
      // What is known stays refused, and of the rest nobody can tell.
      #expect(await error(verifier, mine) == .revoked)
      let found = await error(verifier, other)
      switch (whenSilent, found) {
      case (.failOpen, nil): break
      case (.failClosed, .revocationsUnavailable(let problem)): #expect(problem.cause == defect.cause, "\(isOver)")
      default: Issue.record("\(String(describing: found))")
      }
      if !isOver { try await pause() }
    }
    guard case .interrupted(let problem) = told.withLock({ $0.last }) else { throw NeverHappened(what: "a word of it") }
    #expect(problem.cause == defect.cause)
    feed.greet("id: 1-8\nevent: ready\ndata: {}\n\n")
    issuer.time.pass(seconds: 1)
    try await eventually("it is heard again") { feed.isConnected }
    #expect(feed.positions == [nil, "1-7"])
    #expect(await error(verifier, other) == nil)
    #expect(await error(verifier, mine) == .revoked)
  }

  /// Whatever goes wrong again and again, the pauses grow, up to 15 s.
  @Test(arguments: [true, false]) func pausesGrow(_ saysReady: Bool) async throws {
    let ready = saysReady ? "id: 1-1\nevent: ready\ndata: {}\n\n" : ""
    feed.greet(ready + "id: 1-2\nevent: denied\ndata: {}\n\n")
    let verifier = try verifier(.failOpen)
    try await verifier.prepare()
    for (attempt, longest) in [500, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000].enumerated() {
      try await eventually("attempt \(attempt)") { feed.positions.count == attempt + 1 }
      try await pause()
      let waking = try #require(issuer.time.nextWaking)
      #expect((Int64(longest) / 2...Int64(longest)).contains(waking), "attempt \(attempt): \(waking)")
      issuer.time.pass(milliseconds: waking)
    }
    // A connection that ends in good order begins anew.
    feed.greet("id: 1-2\nevent: ready\ndata: {}\n\n")
    try await pauseOver()
    feed.drop()
    try await pause()
    #expect(try #require(issuer.time.nextWaking) <= 500)
  }

  private func pauseOver() async throws {
    try await eventually("a connection") {
      if !feed.isConnected, let waking = issuer.time.nextWaking, waking <= 15_000 {
        issuer.time.pass(milliseconds: waking)
      }
      return feed.isConnected
    }
  }

  /// A store that was restored, or is another one, has another epoch: its server says `reset`, and everything anew.
  @Test func anotherStoreBeginsAnew() async throws {
    let verifier = try verifier()
    try await verifier.prepare()
    feed.send("denied", #"{"sid":"\#(session)","exp":\#(later)}"#, id: "1-41")
    feed.greet("id: 2-0\nevent: reset\ndata: {}\n\n")
    feed.drop()
    try await pauseOver()
    #expect(feed.positions == [nil, "1-41"])
    let (mine, other) = (try token(session: session), try token(session: "9b2f8a44-0c53-4e0f-9a70-3c1f6d0b2a12"))
    feed.send("denied", #"{"sid":"9b2f8a44-0c53-4e0f-9a70-3c1f6d0b2a12","exp":\#(later)}"#, id: "2-3")
    // Between two epochs nothing counts as heard, however much is told.
    issuer.time.pass(seconds: 46)
    feed.send("denied", #"{"jti":"AAECAwQFBgcICQoLDA0ODw","exp":\#(later)}"#, id: "2-4")
    #expect(await error(verifier, try token())?.status == 503)
    feed.drop()
    feed.greet("id: 2-4\nevent: ready\ndata: {}\n\n")
    try await pauseOver()
    #expect(feed.positions == [nil, "1-41", "2-4"])
    #expect(await error(verifier, try token()) == nil)
    // Both epochs' denials hold.
    for token in [mine, other] { #expect(await error(verifier, token) == .revoked) }
  }

  /// An event that comes late is heeded, and the place is that of the event which came last.
  @Test func eventsOutOfSequenceAreHeeded() async throws {
    let verifier = try verifier()
    try await verifier.prepare()
    feed.send("heartbeat", "{}", id: "1-9")
    feed.send("denied", #"{"sid":"\#(session)","exp":\#(later)}"#, id: "1-5")
    #expect(await error(verifier, try token(session: session)) == .revoked)
    feed.drop()
    try await pauseOver()
    #expect(feed.positions == [nil, "1-5"])
  }

  /// Why it is silent is about this silence, not about one that is over.
  @Test func anOldProblemIsForgotten() async throws {
    feed.goDown()
    let verifier = try verifier()
    let token = try token()
    #expect(await error(verifier, token)?.status == 503)
    feed.comeBack()
    try await pauseOver()
    try await eventually("it is heard") { await error(verifier, token) == nil }
    issuer.time.pass(seconds: 46)
    guard case .revocationsUnavailable(let problem) = await error(verifier, token) else {
      throw NeverHappened(what: "refusal")
    }
    #expect(problem.cause == .timedOut)
  }

  /// A service's closure that never ends, not even when it is cancelled, delays one attempt, and holds nothing.
  @Test func anAssertionThatNeverComesIsGivenUp() async throws {
    // Whoever asks it waits until it is released.
    let signer = FakeIssuer()
    signer.hold()
    defer { signer.release() }
    let cancelled = Monitor(0)
    let told = Monitor([FetchProblem.Cause]())
    var verifier: SignetVerifier? = try verifier {
      $0.source = nil
      // Nothing answers there.
      $0.url = "http://127.0.0.1:1/v1/revocations"
      $0.authentication = .assertion {
        try await withTaskCancellationHandler {
          _ = try await signer.fetch(entityTag: nil)
          return "a.b.c"
        } onCancel: {
          cancelled.withLock { $0 += 1 }
        }
      }
      $0.observer = { if case .interrupted(let problem) = $0 { told.withLock { $0.append(problem.cause) } } }
    }
    let first = try token()
    let waiting = Task { [verifier] in try await error(#require(verifier), first) }
    try await eventually("the bound") { signer.fetches == 1 && issuer.time.nextWaking == 10_000 }
    issuer.time.pass(seconds: 10)
    guard case .revocationsUnavailable(let problem) = try await waiting.value else {
      throw NeverHappened(what: "refusal")
    }
    #expect(problem.cause == .timedOut && problem.description.contains("assertion"))
    try await eventually("its cancellation") { cancelled.withLock { $0 } == 1 }
    // The next attempt asks again, though the first still hangs, and goes on with what it is given.
    try await pause()
    issuer.time.pass(seconds: 1)
    try await eventually("another attempt") { signer.fetches == 2 }
    signer.release()
    try await eventually("an attempt to connect") { told.withLock { $0 } == [.timedOut, .unreachable] }
    // One that hangs ends with its verifier.
    signer.hold()
    try await pause()
    issuer.time.pass(seconds: 15)
    try await eventually("a third attempt") { signer.fetches == 3 }
    verifier = nil
    try await eventually("its cancellation") { cancelled.withLock { $0 } == 2 }
  }
}
