// When keys are fetched and trusted: the decisions alone, at their boundaries.

import Testing

@testable import SignetVerifier

@Suite struct ScheduleTests {
  private static let day: Int64 = 86_400_000

  /// A schedule whose first fetch, begun at 0, brought keys for so many seconds.
  private func fetched(maxAge: Int64? = 300, staleFor: Int64 = day, chance: Double = 0) -> KeySchedule {
    var schedule = KeySchedule(staleFor: staleFor, patience: 12_000)
    _ = schedule.begin(at: 0)
    schedule.succeed(maxAge: maxAge, chance: chance)
    return schedule
  }

  @Test func theFirstWhoAsksFetchesAndTheOthersWait() {
    var schedule = KeySchedule(staleFor: Self.day, patience: 12_000)
    #expect(schedule.due == nil)
    #expect(schedule.access(at: 5) == .begin)
    #expect(schedule.begin(at: 5) == 1)
    #expect(schedule.access(at: 6) == .wait)
    #expect(schedule.unknownKey(at: 6) == .wait)
    #expect(schedule.due == 12_005)
  }

  @Test(
    arguments: [
      (nil, 300), (-1, 300), (0, 300), (299, 300), (300, 300), (301, 301), (3600, 3600), (3601, 3600), (1 << 31, 3600),
    ] as [(Int64?, Int64)]) func livesAreBounded(maxAge: Int64?, seconds: Int64)
  {
    let early = fetched(maxAge: maxAge, chance: 0), late = fetched(maxAge: maxAge, chance: 1)
    #expect(early.due == seconds * 750)
    #expect(late.due == seconds * 850)
    #expect(early.access(at: seconds * 1000 - 1) == .use)
    // Nobody tried to fetch in time: the machine slept.
    #expect(early.access(at: seconds * 1000) == .begin)
  }

  @Test func knownKeysAreUsedWhileAFetchIsUnderWay() {
    var schedule = fetched()
    _ = schedule.begin(at: 225_000)
    #expect(schedule.access(at: 299_999) == .use)
    // Past their life only when that is no longer to be had.
    #expect(schedule.access(at: 300_000) == .wait)
    schedule.fail(at: 237_000, chance: 1)
    #expect(schedule.access(at: 300_000) == .use)
    #expect(schedule.access(at: Self.day - 1) == .use)
    #expect(schedule.access(at: Self.day) == .begin)
  }

  @Test func staleKeysEndWhereTheOptionSays() {
    for (staleFor, end) in [(Int64(0), Int64(300_000)), (299_000, 300_000), (301_000, 301_000)] {
      var schedule = fetched(staleFor: staleFor)
      _ = schedule.begin(at: 225_000)
      schedule.fail(at: 226_000, chance: 0)
      #expect(schedule.trustsOldKeys(at: end - 1))
      #expect(!schedule.trustsOldKeys(at: end))
    }
  }

  @Test func failuresPauseLongerAndLongerUpToAMinute() {
    var schedule = KeySchedule(staleFor: Self.day, patience: 12_000)
    for pause in [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000] as [Int64] {
      for (chance, part) in [(1.0, pause), (0.0, pause / 2)] {
        var copy = schedule
        _ = copy.begin(at: 0)
        copy.fail(at: 100, chance: chance)
        #expect(copy.due == 100 + part)
        #expect(copy.access(at: 99 + part) == .fail)
        #expect(copy.unknownKey(at: 99 + part) == .fail)
        #expect(copy.access(at: 100 + part) == .begin)
      }
      _ = schedule.begin(at: 0)
      // Whoever asks while the next try is under way would only pile up.
      #expect(schedule.access(at: 1) == (schedule.failures == 0 ? .wait : .fail))
      schedule.fail(at: 0, chance: 1)
    }
    for _ in 0..<100 {
      _ = schedule.begin(at: 0)
      schedule.fail(at: 0, chance: 1)
    }
    #expect(schedule.due == 60_000)
    _ = schedule.begin(at: 60_000)
    schedule.succeed(maxAge: 300, chance: 0)
    #expect(schedule.failures == 0)
    #expect(schedule.due == 285_000)
  }

  @Test func unknownKeysAreAskedForEveryHalfMinute() {
    var schedule = fetched()
    #expect(schedule.unknownKey(at: 1) == .begin)
    _ = schedule.begin(at: 1, forUnknownKey: true)
    schedule.succeed(maxAge: 300, chance: 0)
    #expect(schedule.unknownKey(at: 30_000) == .refuse)
    #expect(schedule.unknownKey(at: 30_001) == .begin)
    // A fetch for another reason doesn't count, since only strangers can make this kind many.
    _ = schedule.begin(at: 30_001)
    schedule.succeed(maxAge: 300, chance: 0)
    #expect(schedule.unknownKey(at: 30_002) == .begin)
  }

  @Test func anIssuerWithoutKeysIsBelieved() {
    var schedule = fetched()
    _ = schedule.begin(at: 225_000)
    schedule.fail(at: 225_100, forgets: true, chance: 1)
    #expect(!schedule.trustsOldKeys(at: 225_100))
    #expect(schedule.access(at: 225_100) == .fail)
    #expect(schedule.access(at: 226_100) == .begin)
  }
}
