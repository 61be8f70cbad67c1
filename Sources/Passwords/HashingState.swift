// What the hashing threads and their callers share, behind the pool's lock: the queue, the current parameters, what was
// measured and counted.

import Glibc

struct HashingState {
  var queue: HashingQueue<HashingJob>
  var parameters: Argon2Parameters
  /// Stands in for the hash of a user who doesn't exist: random, so that no password matches it.
  var decoy: PasswordHash
  var times = HashingTimes()
  var counts = HashingCounts()
  var stopped = false
  private let clock: @Sendable () -> UInt64

  init(queue: HashingQueue<HashingJob>, parameters: Argon2Parameters, clock: @escaping @Sendable () -> UInt64) {
    self.clock = clock
    self.queue = queue
    self.parameters = parameters
    decoy = Self.decoy(parameters)
  }

  static func decoy(_ parameters: Argon2Parameters) -> PasswordHash {
    PasswordHash(parameters: parameters, salt: Argon2.random(16), tag: Argon2.random(32))
  }

  /// Queues the job, or says why not.
  mutating func admit(_ job: HashingJob, origin: Origin) -> HashingError? {
    guard !stopped else { return .stopped }
    if queue.admit(job, origin: origin, now: clock()) { return nil }
    counts.refusedByQueue += 1
    return .queueFull(retryAfterSeconds: queue.secondsToEmpty)
  }

  enum Step {
    case compute(HashingJob)
    case refuse(HashingJob, HashingError)
    case stop
  }

  /// What a thread does next, or nil when it should wait for a signal.
  mutating func next() -> Step? {
    guard !stopped else { return .stop }
    guard let entry = queue.next() else { return nil }
    guard clock() > entry.deadline else { return .compute(entry.job) }
    queue.finished()
    counts.refusedByDeadline += 1
    return .refuse(entry.job, .deadlinePassed(retryAfterSeconds: queue.secondsToEmpty))
  }

  /// A hash was computed in so many nanoseconds, or failed.
  mutating func finished(_ parameters: Argon2Parameters, nanoseconds: UInt64?) {
    queue.finished()
    guard let nanoseconds else {
      counts.failedByMemory += 1
      return
    }
    counts.computed += 1
    times.record(parameters, nanoseconds: nanoseconds)
    queue.hashTime = times.overall
  }
}

/// One tag to compute, and who waits for it.
struct HashingJob: Sendable {
  let password: PasswordBytes
  let salt: [UInt8]
  let parameters: Argon2Parameters
  let count: Int
  let continuation: CheckedContinuation<Result<[UInt8], HashingError>, Never>

  /// Nil when there is not enough memory.
  func compute() -> [UInt8]? {
    password.withBytes { Argon2.tag($0, salt: salt, parameters: parameters, count: count) }
  }
}

/// Nanoseconds since some fixed moment, which no step of the wall clock changes.
func monotonicNanoseconds() -> UInt64 {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}
