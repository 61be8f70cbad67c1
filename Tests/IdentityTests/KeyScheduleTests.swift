// When keys rotate and go, whatever the clocks do.

import Identity
import JOSE
import Storage
import Testing

@Suite struct KeyScheduleTests {
  private let hour = KeyLife.hour, day = KeyLife.day

  @Test func aKeyRotatesWhenItIsOldAndItsSuccessorWasPublishedForLongEnough() async throws {
    let life = try await KeyLife()
    life.time.pass(40 * day)
    #expect(life.duties.isEmpty, "the successor was never published")
    try await life.publish()
    life.time.pass(day - 1)
    #expect(life.duties.isEmpty)
    life.time.pass(1)
    #expect(life.duties == ["promote ES256"])
    try await life.rotate()
    #expect(life.duties.isEmpty)
    life.time.pass(30 * day - 1)
    #expect(life.duties == ["delete"])
    life.time.pass(1)
    #expect(life.duties == ["promote ES256", "delete"])
  }

  @Test func whoAsksIsServedAsSoonAsTheSuccessorIsKnown() async throws {
    let life = try await KeyLife()
    try await life.publish()
    life.time.pass(hour)
    #expect(
      try await life.world.store.requestRotation(
        of: life.kids(.active)[0], now: life.clock.moment().now, context: RequestContext(actor: "operator")))
    try await life.read()
    #expect(life.duties.isEmpty)
    #expect(life.schedule.untilRotation(.es256, life.policy.keys, elapsed: life.clock.elapsed) == 23 * hour)
    life.time.pass(23 * hour)
    #expect(life.duties == ["promote ES256"])
  }

  @Test func noKeyRotatesByItselfWhenThatIsOff() async throws {
    let life = try await KeyLife()
    life.policy.keys.rotateEvery = 0
    try await life.publish()
    life.time.pass(4000 * day)
    #expect(life.duties.isEmpty)
    #expect(life.schedule.untilRotation(.es256, life.policy.keys, elapsed: life.clock.elapsed) == nil)
  }

  @Test func eachAlgorithmHasItsOwnTurn() async throws {
    let life = try await KeyLife(["ES256", "EdDSA"])
    try await life.publish()
    life.time.pass(15 * day)
    try await life.rotate(.eddsa)
    life.time.pass(15 * day)
    #expect(life.duties == ["promote ES256", "delete"])
  }

  /// A running server whose wall clock is set, forwards or backwards, neither shortens the time of publication nor
  /// lets a key go early; nothing at all happens while the clock settles.
  @Test(arguments: [5, 48, 24 * 365, -5, -48, -24 * 365])
  func aStepOfTheClockHarmsNothing(_ hours: Int64) async throws {
    let life = try await KeyLife()
    try await life.publish()
    life.time.pass(30 * day)
    try await life.rotate()
    life.time.pass(10_000)
    life.time.jump(hours * hour)
    #expect(life.clock.moment().isSettling && life.duties.isEmpty)
    life.time.pass(Clock.settling)
    try await life.read()
    #expect(life.duties.isEmpty)
    life.time.pass(hour - Clock.settling - 10_001)
    #expect(life.duties.isEmpty)
    life.time.pass(1)
    #expect(life.duties == ["delete"])
    life.time.pass(30 * day - hour - 1)
    #expect(life.duties == ["delete"])
    life.time.pass(1)
    #expect(life.duties == ["promote ES256", "delete"])
    life.time.jump(hours * hour)
    #expect(life.duties.isEmpty)
    life.time.pass(Clock.settling)
    #expect(life.duties == ["promote ES256", "delete"])
  }

  /// A restart forgets what the clock that never jumps said; what the wall clock says then isn't believed at once.
  @Test func aWrongClockAtStartShortensNothingThatMatters() async throws {
    let life = try await KeyLife()
    try await life.publish()
    life.time.pass(60_000)
    life.time.jump(40 * day)
    try await life.restart()
    life.time.pass(Clock.settling)
    #expect(life.duties.isEmpty, "verifiers may hold the set from before for max-age")
    life.time.pass(600_000 - Clock.settling - 1)
    #expect(life.duties.isEmpty)
    life.time.pass(1)
    #expect(life.duties == ["promote ES256"])
    try await life.rotate()
    life.time.jump(40 * day)
    try await life.restart()
    life.time.pass(Clock.settling)
    #expect(life.duties.isEmpty, "tokens of the retired key may live on at services whose clock is right")
    life.time.pass(life.policy.accessTTL + KeyPolicy.leeway - Clock.settling - 1)
    #expect(!life.duties.contains("delete"))
    life.time.pass(1)
    #expect(life.duties.contains("delete"))
  }

  @Test func aTimeInTheFutureCountsAsNow() async throws {
    let life = try await KeyLife()
    try await life.publish()
    try await life.rotate()
    life.time.jump(-5000 * day)
    try await life.restart()
    life.time.pass(hour - 1)
    #expect(life.duties.isEmpty)
    life.time.pass(1)
    #expect(life.duties == ["delete"])
    life.time.pass(30 * day - hour)
    #expect(life.duties == ["promote ES256", "delete"])
  }

  @Test func aRestartWithAGoodClockForgetsNothing() async throws {
    let life = try await KeyLife()
    try await life.publish()
    life.time.pass(29 * day)
    try await life.restart()
    life.time.pass(day - 1)
    #expect(life.duties.isEmpty)
    life.time.pass(1)
    #expect(life.duties == ["promote ES256"])
  }

  @Test func aRetiredKeyWaitsForTheLongestTokenItSigned() async throws {
    let life = try await KeyLife()
    try await life.publish()
    life.policy.accessTTL = 5 * hour
    try await life.read()
    life.policy.accessTTL = 600_000
    try await life.read()
    try await life.rotate()
    life.time.pass(5 * hour + KeyPolicy.leeway - 1)
    #expect(life.duties.isEmpty)
    life.time.pass(1)
    #expect(life.duties == ["delete"])
    let kid = life.kids(.retired)[0]
    #expect(life.due == [.delete(kid)])
    try await life.change { try $0.deletion(of: kid, life.act()) }
    #expect(life.kids(.retired).isEmpty)
  }

  @Test(arguments: [
    (1, 1), (2, 1), (3, 1), (4, 2), (599, 299), (600, 300), (86_400, 300),
  ])
  func theSetIsKeptForLessThanAKeyIsPublishedAhead(_ publishBefore: Int64, _ maxAge: Int) {
    let policy = KeyPolicy(rotateEvery: 0, publishBefore: publishBefore * 1000, retireAfter: 0)
    #expect(policy.maxAge == maxAge)
  }
}
