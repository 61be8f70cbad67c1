// The rules of the queue, without threads: who is let in, and who is next.

import Testing

@testable import Passwords

@Suite struct HashingQueueTests {
  private func stranger(_ prefix: UInt64) -> Origin { Origin(knownDevice: false, addressPrefix: prefix) }
  private let device = Origin(knownDevice: true, addressPrefix: 1)

  /// A queue whose threads are all taken.
  private func busy(
    capacity: Int, threads: Int = 2, deadline: UInt64 = 1_000, hashTime: UInt64 = 0
  ) -> TestedQueue {
    let queue = TestedQueue(capacity: capacity, threads: threads, deadline: deadline)
    for job in 0..<threads {
      #expect(queue.admit(-job, origin: stranger(0), now: 0))
      #expect(queue.next() != nil)
    }
    queue.hashTime = hashTime
    return queue
  }

  @Test func strangersHaveHalf() {
    let queue = busy(capacity: 64)
    let admitted = (0..<1_000).filter { queue.admit($0, origin: stranger(UInt64($0)), now: 0) }
    #expect(admitted.count == 32)
    let known = (0..<1_000).filter { queue.admit($0, origin: device, now: 0) }
    #expect(known.count == 32)
    #expect(queue.count == 64)
  }

  @Test func devicesMayUseTheStrangersHalf() {
    let queue = busy(capacity: 65)
    let admitted = (0..<1_000).filter {
      queue.admit($0, origin: Origin(knownDevice: true, addressPrefix: UInt64($0)), now: 0)
    }
    #expect(admitted.count == 65)
  }

  @Test func lanesTakeTurns() {
    let queue = busy(capacity: 64)
    for job in 0..<6 { #expect(queue.admit(job, origin: stranger(UInt64(job)), now: 0)) }
    for job in 100..<103 { #expect(queue.admit(job, origin: device, now: 0)) }
    let order = (0..<9).compactMap { _ in queue.next()?.job }
    #expect(order == [100, 0, 101, 1, 102, 2, 3, 4, 5])
    #expect(queue.next() == nil)
  }

  @Test func onePrefixHoldsASixteenthOnceAQuarterIsTaken() {
    let queue = busy(capacity: 160)
    let flood = (0..<1_000).filter { queue.admit($0, origin: stranger(7), now: 0) }
    #expect(flood.count == 40)
    let second = (0..<1_000).filter { queue.admit($0, origin: stranger(8), now: 0) }
    #expect(second.count == 10)
    // What leaves makes room for another network, not for the one that still holds more than its share.
    for _ in 0..<5 { #expect(queue.next() != nil) }
    #expect(queue.count == 45)
    #expect(!queue.admit(0, origin: stranger(7), now: 0))
    #expect(queue.admit(0, origin: stranger(9), now: 0))
  }

  @Test func sharesAreForgottenWithTheirJobs() {
    let queue = busy(capacity: 16)
    for job in 0..<1_000 {
      #expect(queue.admit(job, origin: stranger(7), now: 0))
      #expect(queue.next()?.job == job)
      queue.finished()
    }
    for job in 0..<4 { #expect(queue.admit(job, origin: stranger(UInt64(job)), now: 0)) }
    #expect(queue.removeAll().sorted() == [0, 1, 2, 3])
    #expect(queue.count == 0)
  }

  @Test func roomIsWhatTheDeadlineAllows() {
    // 2 threads, 100 a hash, 1,000 to wait: 20 jobs.
    let queue = busy(capacity: 1_000, hashTime: 100)
    #expect(queue.room == 20)
    #expect((0..<100).filter { queue.admit($0, origin: stranger(UInt64($0)), now: 0) }.count == 10)
    #expect((0..<100).filter { queue.admit($0, origin: device, now: 0) }.count == 10)
  }

  @Test func anIdleThreadIsNeverRefused() {
    let queue = TestedQueue(capacity: 1, threads: 2, deadline: 10)
    queue.hashTime = 100
    #expect(queue.room == 0)
    #expect(queue.admit(1, origin: stranger(7), now: 0))
    #expect(queue.admit(2, origin: stranger(7), now: 0))
    #expect(!queue.admit(3, origin: stranger(7), now: 0))
    #expect(!queue.admit(3, origin: device, now: 0))
  }

  @Test func retryAfterIsTheTimeToEmpty() {
    let queue = busy(capacity: 100, deadline: 100_000_000_000, hashTime: 1_500_000_000)
    #expect(queue.secondsToEmpty == 2)
    for job in 0..<10 { #expect(queue.admit(job, origin: device, now: 0)) }
    #expect(queue.secondsToEmpty == 9)
    queue.hashTime = 0
    #expect(queue.secondsToEmpty == 1)
  }

  @Test func timesMoveAndStayBounded() throws {
    var times = HashingTimes()
    #expect(times.slowest == 0 && times.overall == 0)
    times.record(.standard, nanoseconds: 8_000)
    times.record(.standard, nanoseconds: 16_000)
    #expect(times.slowest == 9_000 && times.overall == 9_000)
    for memory in 8..<100 {
      let parameters = try Argon2Parameters(memoryKiB: memory, iterations: 1, parallelism: 1)
      times.record(parameters, nanoseconds: memory == 50 ? 1_000_000 : 100)
    }
    #expect(times.slowest == 1_000_000)
  }
}

/// The queue as an object, because `#expect` calls nothing that mutates a value.
private final class TestedQueue {
  private var queue: HashingQueue<Int>

  init(capacity: Int, threads: Int, deadline: UInt64) {
    queue = HashingQueue(capacity: capacity, threads: threads, deadline: deadline)
  }

  var hashTime: UInt64 {
    get { queue.hashTime }
    set { queue.hashTime = newValue }
  }
  var count: Int { queue.count }
  var room: Int { queue.room }
  var secondsToEmpty: Int { queue.secondsToEmpty }

  func admit(_ job: Int, origin: Origin, now: UInt64) -> Bool { queue.admit(job, origin: origin, now: now) }
  func next() -> HashingQueue<Int>.Entry? { queue.next() }
  func finished() { queue.finished() }
  func removeAll() -> [Int] { queue.removeAll() }
}
