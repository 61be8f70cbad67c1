// The watched clock: jumps are seen at the next reading, drift and the passing of time are not jumps.

import Identity
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
