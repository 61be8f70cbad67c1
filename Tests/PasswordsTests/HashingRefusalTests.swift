// What the pool refuses, and how it stops. A gate in place of Argon2 says when a hash begins and ends, so that each
// moment is forced and none is waited for by the clock.

import Dispatch
import Synchronization
import Testing

@testable import Passwords

@Suite struct HashingRefusalTests {
  private let password = Array("password".utf8)
  private let origin = Origin(knownDevice: false, addressPrefix: 1)

  private func pool(_ gate: Gate, queue: Int = 64) -> HashingPool {
    HashingPool(
      threads: 1, queue: queue, deadline: 1_000, parameters: .standard, clock: { gate.nanoseconds },
      compute: { gate.pass($0) })
  }

  @Test func fullQueueRefusesAtOnce() async throws {
    let gate = Gate()
    let pool = pool(gate, queue: 8)
    async let first = pool.hash(password, origin: origin)
    await gate.entered()
    let password = password
    await withTaskGroup(of: HashingError?.self) { group in
      for network in 0..<20 {
        group.addTask {
          await pool.refusal(password, Origin(knownDevice: false, addressPrefix: UInt64(network)))
        }
      }
      // No hash has ended, so the first sixteen answers are refusals; four wait in the open half.
      for _ in 0..<16 {
        let error = await group.next().flatMap(\.self)
        if case .queueFull(let seconds) = error {
          #expect(seconds >= 1)
        } else {
          Issue.record("\(String(describing: error))")
        }
      }
      #expect(pool.counts.refusedByQueue == 16 && pool.queued == 4)
      gate.open()
      for await rest in group { #expect(rest == nil) }
    }
    #expect(try await first.parameters == .standard)
    #expect(pool.counts == HashingCounts(computed: 5, refusedByQueue: 16))
  }

  @Test func waitingPastTheDeadlineIsRefused() async throws {
    let gate = Gate()
    let pool = pool(gate)
    async let first = pool.hash(password, origin: origin)
    await gate.entered()
    // Nothing was measured yet, so this one is let in, and learns its fate when the thread is free.
    async let second = pool.refusal(password, origin)
    while pool.queued == 0 { await Task.yield() }
    gate.move(seconds: 2)
    gate.letPass()
    _ = try await first
    #expect(await second == .deadlinePassed(retryAfterSeconds: 1))
    #expect(pool.counts == HashingCounts(computed: 1, refusedByDeadline: 1))
    // Now a hash is known to take longer than the deadline: whoever would have to wait is refused at once.
    async let third = pool.hash(password, origin: origin)
    await gate.entered()
    #expect(await pool.refusal(password, origin) == .queueFull(retryAfterSeconds: 2))
    gate.open()
    _ = try await third
  }

  @Test func stopFailsWhatWaits() async throws {
    let gate = Gate()
    let pool = pool(gate)
    async let first = pool.hash(password, origin: origin)
    await gate.entered()
    async let second = pool.refusal(password, origin)
    while pool.queued == 0 { await Task.yield() }
    let stopped = Task.detached { pool.stop() }
    // What waits is failed before what runs has ended.
    #expect(await second == .stopped)
    gate.open()
    #expect(try await first.parameters == .standard)
    await stopped.value
    #expect(await pool.refusal(password, origin) == .stopped)
    pool.stop()
  }

  @Test func missingMemoryIsReported() async {
    let pool = HashingPool(threads: 1, queue: 8, deadline: 600_000, parameters: .standard) { _ in nil }
    #expect(await pool.refusal(password, origin) == .memory)
    #expect(pool.counts == HashingCounts(failedByMemory: 1))
  }

  @Test func everyRefusalSaysWhenToComeBack() {
    for error: HashingError in [.memory, .stopped, .queueFull(retryAfterSeconds: 3)] {
      #expect(error.retryAfterSeconds >= 1)
    }
  }
}

extension HashingPool {
  /// What hashing throws, or nil.
  fileprivate func refusal(_ password: [UInt8], _ origin: Origin) async -> HashingError? {
    do throws(HashingError) {
      _ = try await hash(password, origin: origin)
      return nil
    } catch { return error }
  }
}

/// Stops every computation at its start until it is let through, and time until it is moved.
private final class Gate: Sendable {
  private let arrivals: AsyncStream<Void>
  private let arrived: AsyncStream<Void>.Continuation
  private let passes = DispatchSemaphore(value: 0)
  private let time = Atomic<UInt64>(1)

  init() { (arrivals, arrived) = AsyncStream.makeStream() }

  var nanoseconds: UInt64 { time.load(ordering: .sequentiallyConsistent) }

  func move(seconds: UInt64) { time.add(seconds * 1_000_000_000, ordering: .sequentiallyConsistent) }

  func pass(_ job: HashingJob) -> [UInt8]? {
    arrived.yield()
    passes.wait()
    return [UInt8](repeating: 0, count: job.count)
  }

  /// Returns when a computation has begun that wasn't asked about before.
  func entered() async { for await _ in arrivals { return } }

  /// Lets one computation end.
  func letPass() { passes.signal() }

  /// Lets all end, those to come as well.
  func open() { for _ in 0..<100 { passes.signal() } }
}
