// The cache under many tasks, by a clock that tests turn and an issuer that is slow, down or wrong when they say so.

import JOSE
import SignetVerifier
import Testing
import Threads

@Suite struct CacheTests {
  private let one: SigningKey, two: SigningKey
  private let issuer: FakeIssuer
  private var time: FakeTime { issuer.time }

  init() throws {
    one = try TestKeys.one.get()
    two = try TestKeys.two.get()
    issuer = FakeIssuer(one)
  }

  /// What a verification ends with; nil when the token is good.
  private func error(_ verifier: SignetVerifier, _ token: String) async -> VerificationError? {
    do throws(VerificationError) {
      _ = try await verifier.verify(token)
      return nil
    } catch {
      return error
    }
  }

  /// Lets a good answer come to its refresh, which begins by itself.
  private func passToRefresh(fetches: Int) async throws {
    try await eventually("the timer is set") { time.nextWaking != nil }
    time.pass(seconds: 255)
    try await eventually("fetch \(fetches)") { issuer.fetches == fetches }
  }

  @Test func manyTasksShareOneFetch() async throws {
    let verifier = try issuer.verifier(), token = try issuer.token(one)
    issuer.hold()
    try await withThrowingTaskGroup(of: String.self) { group in
      for _ in 0..<100 { group.addTask { try await verifier.verify(token).subject } }
      try await eventually("a fetch begins") { issuer.fetches == 1 }
      issuer.release()
      for try await subject in group { #expect(subject == "ada") }
    }
    #expect(issuer.fetches == 1)
  }

  @Test func keysAreRefreshedInTimeAndNobodyWaits() async throws {
    let verifier = try issuer.verifier(), token = try issuer.token(one)
    try await verifier.prepare()
    issuer.hold()
    try await passToRefresh(fetches: 2)
    // The fetch hangs; known keys go on.
    #expect(await error(verifier, token) == nil)
    issuer.release()
    try await eventually("the timer is set anew") { time.nextWaking.map { $0 > 200_000 } ?? false }
    #expect(await error(verifier, token) == nil)
    #expect(issuer.fetches == 2)
  }

  @Test func aRevokedKeyIsGoneWithTheNextAnswer() async throws {
    let verifier = try issuer.verifier(), token = try issuer.token(one)
    #expect(await error(verifier, token) == nil)
    issuer.publish(two)
    try await passToRefresh(fetches: 2)
    try await eventually("the new set is trusted") { time.nextWaking.map { $0 > 200_000 } ?? false }
    // The token's key is unknown now, so it is asked for once more.
    #expect(await error(verifier, token) == .unknownKey)
    #expect(issuer.fetches == 3)
  }

  @Test func aNewKeyIsFetchedAtOnceAndForgedOnesAreNot() async throws {
    let verifier = try issuer.verifier()
    try await verifier.prepare()
    issuer.publish(one, two)
    #expect(await error(verifier, try issuer.token(two)) == nil)
    #expect(issuer.fetches == 2)
    let forged = try (0..<50).map { _ in try issuer.token(.generate(.es256)) }
    for token in forged { #expect(await error(verifier, token) == .unknownKey) }
    #expect(issuer.fetches == 2)
    time.pass(seconds: 30)
    for token in forged { #expect(await error(verifier, token) == .unknownKey) }
    #expect(issuer.fetches == 3)
    #expect(await error(verifier, try issuer.token(one)) == nil)
  }

  @Test func othersTokensCauseNoFetch() async throws {
    let verifier = try issuer.verifier()
    try await verifier.prepare()
    for changes in [["iss": "\"https://other.example\""], ["iss": nil], ["iss": "1"]] {
      #expect(await error(verifier, try issuer.token(two, changes)) == .unknownKey)
    }
    #expect(issuer.fetches == 1)
  }

  @Test func anIssuerThatIsDownStopsNobodyForADay() async throws {
    let verifier = try issuer.verifier()
    try await verifier.prepare()
    issuer.goDown()
    let token = try issuer.token(one, ["exp": "\(time.now + 100_000)"])
    try await passToRefresh(fetches: 2)
    for hour in 1..<24 {
      time.pass(seconds: 3600)
      let before = issuer.fetches
      #expect(await error(verifier, token) == nil, "hour \(hour)")
      try await eventually("the next try, after \(before)") {
        time.pass(seconds: 10)
        return issuer.fetches > before
      }
    }
    time.pass(seconds: 3600)
    try await eventually("the keys are too old") { await error(verifier, token) != nil }
    guard case .keysUnavailable(let problem) = await error(verifier, token) else {
      Issue.record("the keys are still trusted")
      return
    }
    #expect(problem.cause == .unreachable)
    issuer.publish(one)
    try await eventually("the keys are back") {
      time.pass(seconds: 10)
      return await error(verifier, token) == nil
    }
  }

  @Test func withoutKeysEveryAnswerIsThatTheyCannotBeHad() async throws {
    let verifier = try issuer.verifier(), token = try issuer.token(one)
    issuer.goDown()
    for _ in 0..<20 {
      let error = await error(verifier, token)
      #expect(error == .keysUnavailable(FetchProblem(.unreachable, "it is down")))
      #expect(error?.status == 503)
    }
    #expect(issuer.fetches == 1)
    issuer.publish(one)
    time.pass(milliseconds: 1000)
    try await eventually("the next try succeeds") { await error(verifier, token) == nil }
    #expect(issuer.fetches == 2)
  }

  @Test func whileFetchesFailAnUnknownKeyIsNobodysFault() async throws {
    let verifier = try issuer.verifier()
    try await verifier.prepare()
    issuer.goDown()
    for _ in 0..<5 { #expect(await error(verifier, try issuer.token(two))?.status == 503) }
    #expect(issuer.fetches == 2)
    #expect(await error(verifier, try issuer.token(one)) == nil)
  }

  @Test(
    arguments: [
      ("", 0, .notAKeySet), ("[]", 0, .notAKeySet), ("{}", 0, .notAKeySet), ("<html>", 0, .notAKeySet),
      (#"{"keys":1}"#, 0, .notAKeySet), (#"{"keys":[],"keys":[]}"#, 0, .notAKeySet),
      (#"{"keys":[{"kty":"EC","crv":"P-256"}]}"#, 0, .notAKeySet),
      (#"{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"}]}"#, 0, .notAKeySet), (#"{"keys":[]}"#, 1 << 18, .tooLarge),
    ] as [(String, Int, FetchProblem.Cause)])
  func whatIsNoKeySetChangesNothing(text: String, spaces: Int, cause: FetchProblem.Cause) async throws {
    let events = Monitor<[KeySetEvent]>([])
    let verifier = try issuer.verifier { $0.observer = { event in events.withLock { $0.append(event) } } }
    let token = try issuer.token(one)
    #expect(await error(verifier, token) == nil)
    issuer.publish(text: text + String(repeating: " ", count: spaces))
    try await passToRefresh(fetches: 2)
    try await eventually("it is reported") { events.withLock { $0.count } == 2 }
    #expect(await error(verifier, token) == nil)
    let seen = events.withLock { $0 }
    #expect(seen.first == .replaced(keys: 1))
    guard case .failed(let problem, trustsOldKeys: true) = seen.last else {
      Issue.record("\(seen)")
      return
    }
    #expect(problem.cause == cause)
  }

  @Test(arguments: [#"{"keys":[]}"#, #"{"keys":[{"kty":"AKP","alg":"X"},{"kty":"oct","k":"AA"}]}"#])
  func anIssuerWithoutKeysIsBelieved(text: String) async throws {
    let verifier = try issuer.verifier(), token = try issuer.token(one)
    #expect(await error(verifier, token) == nil)
    issuer.publish(text: text)
    try await passToRefresh(fetches: 2)
    // Nothing is trusted any more, yet nobody is told that his token is bad.
    try await eventually("nothing is trusted") { await error(verifier, token)?.status == 503 }
    issuer.publish(one)
    try await eventually("its keys are back") {
      time.pass(seconds: 1)
      return await error(verifier, token) == nil
    }
  }

  @Test func unknownKindsOfKeysStandBesideGoodOnes() async throws {
    let good = String(decoding: FakeIssuer.document([one]).dropFirst(9).dropLast(2), as: UTF8.self)
    issuer.publish(text: #"{"keys":[{"kty":"new","kid":"x"},\#(good),{"kty":"EC","crv":"P-9","use":"enc"}]}"#)
    #expect(await error(try issuer.verifier(), try issuer.token(one)) == nil)
  }

  @Test func aFetchThatHangsIsGivenUp() async throws {
    let verifier = try issuer.verifier(), token = try issuer.token(one)
    issuer.hold()
    async let first = error(verifier, token)
    try await eventually("it waits") { issuer.fetches == 1 && time.nextWaking == 12_000 }
    time.pass(milliseconds: 12_000)
    guard case .keysUnavailable(let problem) = await first else {
      Issue.record("it was verified without keys")
      return
    }
    #expect(problem.cause == .timedOut)
    // Its answer comes too late to count.
    issuer.release()
    #expect(await error(verifier, token)?.status == 503)
    time.pass(milliseconds: 1000)
    try await eventually("the next fetch brings keys") { await error(verifier, token) == nil }
  }

  @Test func aCancelledTaskWaitsNoMoreAndStopsNobodyElse() async throws {
    let verifier = try issuer.verifier(), token = try issuer.token(one)
    issuer.hold()
    async let other = error(verifier, token)
    let task = Task { await error(verifier, token) }
    try await eventually("they wait") { issuer.fetches == 1 }
    task.cancel()
    #expect(await task.value == .cancelled)
    issuer.release()
    #expect(await other == nil)
    #expect(issuer.fetches == 1)
  }

  @Test func afterTheMachineSleptTheKeysAreFetchedFirst() async throws {
    let verifier = try issuer.verifier()
    #expect(await error(verifier, try issuer.token(one)) == nil)
    try await eventually("the timer is set") { time.nextWaking != nil }
    issuer.publish(two)
    time.passAsleep(seconds: 7200)
    #expect(await error(verifier, try issuer.token(two)) == nil)
    #expect(issuer.fetches == 2)
  }

  @Test func aClockThatIsSetConcernsTokensAndNotKeys() async throws {
    let verifier = try issuer.verifier(), token = try issuer.token(one)
    #expect(await error(verifier, token) == nil)
    time.jump(seconds: 100_000)
    #expect(await error(verifier, token) == .expired)
    time.jump(seconds: -200_000)
    #expect(await error(verifier, token) == .issuedInFuture)
    time.jump(seconds: 100_000)
    #expect(await error(verifier, token) == nil)
    #expect(issuer.fetches == 1)
  }

  @Test func anUnchangedSetIsAskedForByItsTag() async throws {
    let events = Monitor<[KeySetEvent]>([])
    let verifier = try issuer.verifier { $0.observer = { event in events.withLock { $0.append(event) } } }
    issuer.publish(one, entityTag: "\"v1\"")
    try await verifier.prepare()
    issuer.publish(KeySetAnswer(.notModified, entityTag: "\"v1\"", maxAge: 300))
    try await passToRefresh(fetches: 2)
    try await eventually("it is unchanged") { events.withLock { $0 } == [.replaced(keys: 1), .unchanged] }
    #expect(issuer.tags == [nil, "\"v1\""])
    #expect(await error(verifier, try issuer.token(one)) == nil)
  }

  @Test func aVerifierThatIsGoneFetchesNoMore() async throws {
    var verifier: SignetVerifier? = try issuer.verifier()
    try await verifier?.prepare()
    try await eventually("the timer is set") { time.nextWaking != nil }
    verifier = nil
    try await eventually("the timer is gone") { time.nextWaking == nil }
    time.pass(seconds: 3600)
    #expect(issuer.fetches == 1)
  }
}
