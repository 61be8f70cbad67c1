// The watched clock: jumps are seen at the next reading, drift and the passing of time are not jumps.

import Identity
import Storage
import Testing

@Suite struct ClockTests {
  @Test func timePassingIsNoJump() {
    let fake = FakeClock()
    let clock = fake.clock
    fake.pass(86_400_000)
    #expect(!clock.moment().isSettling)
  }

  @Test(arguments: [31_000, -31_000, 7_200_000, -7_200_000] as [Int64])
  func aJumpSettlesForFiveMinutes(_ step: Int64) {
    let fake = FakeClock()
    let clock = fake.clock
    fake.jump(step)
    #expect(clock.moment().isSettling)
    fake.pass(Clock.settling - 1)
    #expect(clock.moment().isSettling)
    fake.pass(1)
    #expect(!clock.moment().isSettling)
  }

  @Test(arguments: [29_000, -29_000] as [Int64]) func aSmallStepIsNone(_ step: Int64) {
    let fake = FakeClock()
    let clock = fake.clock
    fake.jump(step)
    #expect(!clock.moment().isSettling)
  }

  /// A clock that has just been started may be set at any moment.
  @Test func nothingIsOverBeforeTheClockHasSettled() {
    let fake = FakeClock()
    let clock = fake.clock
    #expect(!clock.moment().isSettling && clock.moment().settled == .min)
    fake.pass(Clock.settling - 1)
    #expect(clock.moment().settled == .min)
    fake.pass(1)
    #expect(clock.moment().settled == clock.moment().now)
    let jumps = clock.jumps
    for _ in 0..<2 {
      fake.jump(31_000)
      #expect(clock.moment().settled == .min)
      fake.pass(1000)
    }
    #expect(clock.jumps != jumps)
    fake.pass(Clock.settling - 1000)
    #expect(clock.moment().settled == clock.moment().now)
  }

  /// What is told in milliseconds from now isn't taken for over by a clock that may be ahead.
  @Test func howLongADenialIsHeeded() {
    let fake = FakeClock()
    let clock = fake.clock
    let now = clock.moment().now
    let row = Denial(
      sequence: 1, subject: .key("a"), audience: nil, deniedAt: now, expiresAt: now + 2 * Clock.settling)
    #expect(row.life(at: clock.moment()) == 2 * Clock.settling)
    fake.jump(86_400_000)
    #expect(row.life(at: clock.moment()) == Clock.settling)
    fake.jump(-86_400_000)
    #expect(row.life(at: clock.moment()) == 2 * Clock.settling)
    fake.pass(Clock.settling)
    #expect(row.life(at: clock.moment()) == Clock.settling)
    fake.pass(Clock.settling - 10)
    #expect(row.life(at: clock.moment()) == 10)
  }

  @Test func aJumpBackAgainSettlesAnew() {
    let fake = FakeClock()
    let clock = fake.clock
    fake.jump(3_600_000)
    #expect(clock.moment().isSettling)
    fake.pass(Clock.settling)
    fake.jump(-3_600_000)
    #expect(clock.moment().isSettling)
  }
}
