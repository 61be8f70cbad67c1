// What a verifier does by its feed: refuses what is denied, comes again where it left off, and heeds silence as chosen.

import JOSE
import Testing
import Threads

@testable import SignetVerifier

let session = "9b2f8a44-0c53-4e0f-9a70-3c1f6d0b2a11"
let tokenID = "AAECAwQFBgcICQoLDA0ODw"

@Suite struct RevocationTests {
  let feed = FakeFeed()
  let issuer: FakeIssuer
  private let key: SigningKey

  init() throws {
    key = try TestKeys.one.get()
    issuer = FakeIssuer(key)
  }

  func verifier(
    _ whenSilent: RevocationFeed.WhenSilent = .failClosed, _ change: (inout RevocationFeed) -> Void = { _ in }
  ) throws -> SignetVerifier {
    try issuer.verifier { options in
      var revocations = RevocationFeed(clientID: "orders", clientSecret: "secret", whenSilent: whenSilent)
      revocations.source = feed
      change(&revocations)
      options.revocations = revocations
    }
  }

  func error(_ verifier: SignetVerifier, _ token: String) async -> VerificationError? {
    do throws(VerificationError) {
      _ = try await verifier.verify(token)
      return nil
    } catch {
      return error
    }
  }

  func token(session: String? = nil, id: String = "t1") throws -> String {
    try issuer.token(
      key, ["sid": session.map { "\"\($0)\"" }, "jti": "\"\(id)\""].filter { $0.key != "sid" || $0.value != nil })
  }

  /// Waits until the subscription waits for its next attempt; the keys' next fetch is minutes away.
  func pause() async throws {
    try await eventually("a pause") { (issuer.time.nextWaking ?? .max) <= 15_000 && !feed.isConnected }
  }

  var later: Int64 { issuer.time.now + 900 }

  @Test func aSessionThatHasEndedIsRefused() async throws {
    let verifier = try verifier()
    let (mine, other) = (try token(session: session), try token())
    try await verifier.prepare()
    #expect(await error(verifier, mine) == nil)
    feed.send("denied", #"{"sid":"\#(session)","aud":"api","exp":\#(later)}"#, id: "1-1")
    #expect(await error(verifier, mine) == .revoked)
    #expect(await error(verifier, other) == nil)
    #expect(VerificationError.revoked.status == 401)
    #expect(VerificationError.revoked.challenge?.contains("invalid_token") == true)
  }

  @Test func aTokenOrAKeyThatWasRevokedIsRefused() async throws {
    let verifier = try verifier()
    let (mine, other) = (try token(id: tokenID), try token())
    try await verifier.prepare()
    feed.send("denied", #"{"jti":"\#(tokenID)","exp":\#(later)}"#, id: "1-1")
    #expect(await error(verifier, mine) == .revoked)
    #expect(await error(verifier, other) == nil)
    feed.send("key_revoked", #"{"kid":"\#(key.publicJWK.kid)","exp":\#(later)}"#, id: "1-2")
    #expect(await error(verifier, other) == .revoked)
  }

  /// By generation, which a `jti` begins with: those before and after the change may be of one second.
  @Test func whatASessionGotAfterwardsIsGood() async throws {
    let verifier = try verifier()
    try await verifier.prepare()
    let (before, after) = ("AAAABg" + tokenID.dropFirst(6), "AAAABw" + tokenID.dropFirst(6))
    let change = #""before":\#(issuer.time.now),"before_generation":7,"exp":\#(later)"#
    feed.send("denied", #"{"sid":"\#(session)",\#(change)}"#, id: "1-1")
    #expect(await error(verifier, try token(session: session, id: before)) == .revoked)
    #expect(await error(verifier, try token(session: session, id: "t1")) == .revoked)
    #expect(await error(verifier, try token(session: session, id: after)) == nil)
    // A later change, and the session's end, outweigh it, in whichever order they come.
    let later = #""before":\#(issuer.time.now),"before_generation":8,"exp":\#(self.later)"#
    feed.send("denied", #"{"sid":"\#(session)",\#(later)}"#, id: "1-2")
    feed.send("denied", #"{"sid":"\#(session)",\#(change)}"#, id: "1-3")
    #expect(await error(verifier, try token(session: session, id: after)) == .revoked)
    let last = "AAAACA" + tokenID.dropFirst(6)
    #expect(await error(verifier, try token(session: session, id: last)) == nil)
    feed.send("denied", #"{"sid":"\#(session)","exp":\#(self.later)}"#, id: "1-4")
    feed.send("denied", #"{"sid":"\#(session)",\#(later)}"#, id: "1-5")
    #expect(await error(verifier, try token(session: session, id: last)) == .revoked)
  }

  @Test func itComesAgainWhereItLeftOff() async throws {
    let verifier = try verifier()
    try await verifier.prepare()
    feed.send("denied", #"{"sid":"\#(session)","exp":\#(later)}"#, id: "1-41")
    feed.greet("id: 1-42\nevent: ready\ndata: {}\n\n")
    feed.drop()
    try await pause()
    issuer.time.pass(seconds: 1)
    try await eventually("a connection") { feed.isConnected }
    #expect(feed.positions == [nil, "1-41"])
    // What was denied stays denied over the interruption, and over a reset.
    feed.send("reset", "{}", id: "2-0")
    #expect(await error(verifier, try token(session: session)) == .revoked)
  }

  @Test(arguments: [RevocationFeed.WhenSilent.failOpen, .failClosed])
  func silenceIsHeededAsChosen(_ whenSilent: RevocationFeed.WhenSilent) async throws {
    let verifier = try verifier(whenSilent)
    try await verifier.prepare()
    let token = try token()
    issuer.time.pass(seconds: 44)
    #expect(await error(verifier, token) == nil)
    issuer.time.pass(seconds: 2)
    let found = await error(verifier, token)
    if whenSilent == .failOpen {
      #expect(found == nil)
    } else {
      guard case .revocationsUnavailable = found else { throw NeverHappened(what: "\(String(describing: found))") }
      #expect(found?.status == 503 && found?.challenge == nil)
    }
    // A word ends the silence; what is denied is refused in any case.
    feed.send("heartbeat", "{}", id: "1-1")
    #expect(await error(verifier, token) == nil)
    feed.send("denied", #"{"sid":"\#(session)","exp":\#(later)}"#, id: "1-2")
    issuer.time.pass(seconds: 60)
    #expect(await error(verifier, try self.token(session: session)) == .revoked)
  }

  /// While what was missed is still being told, the feed isn't heard.
  @Test func halfASnapshotIsNoWord() async throws {
    feed.greet("")
    let verifier = try verifier()
    let token = try token()
    let waiting = Task { await error(verifier, token) }
    try await eventually("a connection") { feed.isConnected }
    feed.send("denied", #"{"sid":"\#(session)","exp":\#(later)}"#, id: "1-1")
    #expect(await error(verifier, try self.token(session: session)) == .revoked)
    feed.send("ready", "{}", id: "1-1")
    #expect(await waiting.value == nil)
  }

  @Test func whoeverCannotSubscribeIsTold() async throws {
    feed.goDown(FetchProblem(.status(401), "wrong secret"))
    let told = Monitor([RevocationEvent]())
    let verifier = try verifier { $0.observer = { event in told.withLock { $0.append(event) } } }
    await #expect(throws: VerificationError.revocationsUnavailable(FetchProblem(.status(401), "wrong secret"))) {
      try await verifier.prepare()
    }
    let token = try token()
    guard case .revocationsUnavailable = await error(verifier, token) else { throw NeverHappened(what: "refusal") }
    feed.comeBack()
    try await pause()
    issuer.time.pass(seconds: 15)
    try await eventually("a good token") { await error(verifier, token) == nil }
    #expect(
      told.withLock { $0 } == [.interrupted(FetchProblem(.status(401), "wrong secret")), .current(entries: 0)])
    // Whoever chose to take tokens meanwhile isn't kept waiting.
    feed.goDown()
    let open = try self.verifier(.failOpen)
    try await open.prepare()
    #expect(await error(open, token) == nil)
  }

  @Test func memoryIsBoundedAndExpiredEntriesGo() async throws {
    let verifier = try verifier { $0.mostEntries = 3 }
    try await verifier.prepare()
    let ids = (0..<4).map { "9b2f8a44-0c53-4e0f-9a70-3c1f6d0b2a1\($0)" }
    for (number, id) in ids.enumerated() {
      feed.send("denied", #"{"sid":"\#(id)","exp":\#(issuer.time.now + 100)}"#, id: "1-\(number + 1)")
    }
    // The fourth had no room, and isn't counted as heard.
    try await pause()
    feed.greet("")
    issuer.time.pass(seconds: 60)
    try await eventually("a connection") { feed.isConnected }
    #expect(feed.positions.last == "1-3")
    guard case .revocationsUnavailable(let problem) = await error(verifier, try token()) else {
      throw NeverHappened(what: "refusal")
    }
    #expect(problem.cause == .tooLarge)
    #expect(await error(verifier, try token(session: ids[2])) == .revoked)
    // When the others have expired there is room.
    issuer.time.pass(seconds: 60)
    feed.send("denied", #"{"sid":"\#(ids[3])","exp":\#(issuer.time.now + 100)}"#, id: "1-4")
    feed.send("ready", "{}", id: "1-4")
    #expect(await error(verifier, try token(session: ids[3])) == .revoked)
    #expect(await error(verifier, try token(session: ids[2])) == nil)
  }

  /// What is held needs no room when it is told again.
  @Test func aFullListIsToldAnew() async throws {
    let verifier = try verifier { $0.mostEntries = 3 }
    try await verifier.prepare()
    let denials = [
      ("denied", #"{"sid":"\#(session)","exp":\#(later)}"#), ("denied", #"{"jti":"\#(tokenID)","exp":\#(later)}"#),
      ("key_revoked", #"{"kid":"other","exp":\#(later)}"#),
    ]
    for (name, data) in denials { feed.send(name, data, id: "1-1") }
    feed.send("reset", "{}", id: "2-0")
    issuer.time.pass(seconds: 46)
    for (name, data) in denials { feed.send(name, data, id: "2-1") }
    feed.send("ready", "{}", id: "2-1")
    #expect(feed.isConnected)
    #expect(await error(verifier, try token()) == nil)
    for token in [try token(session: session), try token(id: tokenID)] {
      #expect(await error(verifier, token) == .revoked)
    }
    // What is new still has no room.
    feed.send("key_revoked", #"{"kid":"another","exp":\#(later)}"#, id: "2-2")
    #expect(!feed.isConnected)
  }

  @Test(arguments: [
    ("denied", "no JSON"), ("denied", #"{"exp":9999999999}"#), ("denied", #"{"sid":"x","exp":9999999999}"#),
    ("denied", #"{"jti":"x","exp":9999999999}"#), ("denied", #"{"sid":"9b2f8a44-0c53-4e0f-9a70-3c1f6d0b2a11"}"#),
    ("key_revoked", #"{"kid":1,"exp":9999999999}"#),
  ])
  func whatIsMalformedEndsTheConnection(_ name: String, _ data: String) async throws {
    let verifier = try verifier()
    try await verifier.prepare()
    feed.send(name, data, id: "1-1")
    #expect(!feed.isConnected)
    try await pause()
    issuer.time.pass(seconds: 1)
    try await eventually("a connection") { feed.isConnected }
    // It was not taken, so it is asked for again.
    #expect(feed.positions.last == "1-0")
    // What isn't known is passed over.
    feed.send("something_new", "no JSON", id: "1-2")
    #expect(feed.isConnected)
  }

  @Test func settingsAreChecked() throws {
    for change: (inout RevocationFeed) -> Void in [
      { $0.silence = .seconds(19) }, { $0.silence = .seconds(3601) }, { $0.mostEntries = 0 },
      { $0.authentication = .basic(secret: "") }, { $0.authentication = .post(secret: "") },
    ] {
      #expect(throws: VerifierSetupError.self) { try verifier(.failOpen, change) }
    }
    #expect(throws: VerifierSetupError.self) {
      try verifier {
        $0.source = nil; $0.url = "http://login.example.com/v1/revocations"
      }
    }
  }

  @Test func theSecretIsSentAsTheStandardSays() {
    // RFC 6749 section 2.3.1.
    #expect(
      HTTPRevocationSource.basic("s6BhdRkqt3", "7Fjfp0ZBr1KtDRbnfVdmIw")
        == "Basic czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3")
    #expect(HTTPRevocationSource.basic("a b:é", "~") == "Basic YSUyMGIlM0ElQzMlQTk6JTdF")
  }
}
