// Threads of their own which compute password hashes, with a bounded queue in front. Why not on the event loops: one hash
// takes as long as a thousand other requests. The threads are niced, so that a flood of logins takes what the loops leave.
//
// A thread only computes tags; salts, comparison and verdict stay with the caller, whose actor the continuation returns to.
// Everything shared is in one `Monitor`; callers hold its lock for a few hundred nanoseconds and never wait for a hash.
// Not here: throttling, and delaying refusals (`slowestMilliseconds` says how long).

import Threads

/// Hashes and compares passwords away from the event loops; refuses at once what it could not do in time.
package final class HashingPool: Sendable {
  private let state: Monitor<HashingState>
  private let threads: Monitor<[Threads.Thread]>

  /// Starts the threads.
  /// - Parameters:
  ///   - threads: hashes computed at a time, each with its parameters' memory; at least 1.
  ///   - queue: jobs that may wait; at least 1.
  ///   - milliseconds: what a job may wait for a thread.
  ///   - parameters: of new hashes.
  package convenience init(threads: Int, queue: Int, deadline milliseconds: Int, parameters: Argon2Parameters) {
    self.init(threads: threads, queue: queue, deadline: milliseconds, parameters: parameters) { $0.compute() }
  }

  /// With another computation in place of Argon2 and another clock, so that tests decide when a hash ends.
  init(
    threads: Int, queue: Int, deadline milliseconds: Int, parameters: Argon2Parameters,
    clock: @escaping @Sendable () -> UInt64 = monotonicNanoseconds,
    compute: @escaping @Sendable (HashingJob) -> [UInt8]?
  ) {
    Argon2.start()
    let count = max(1, threads)
    let queue = HashingQueue<HashingJob>(
      capacity: max(1, queue), threads: count, deadline: UInt64(max(1, milliseconds)) * 1_000_000)
    let state = Monitor(HashingState(queue: queue, parameters: parameters, clock: clock))
    self.state = state
    self.threads = Monitor(
      (0..<count).map { number in Thread(name: "hash-\(number)", niceness: 5) { Self.work(state, clock, compute) } })
  }

  deinit { stop() }

  /// Hashes a new password with a random 16-byte salt and the current parameters. Throws when it can't be done in time.
  package func hash(_ password: [UInt8], origin: Origin) async throws(HashingError) -> PasswordHash {
    let parameters = state.withLock { $0.parameters }
    let salt = Argon2.random(16)
    let tag = try await tag(password, salt: salt, parameters: parameters, count: 32, origin: origin)
    return PasswordHash(parameters: parameters, salt: salt, tag: tag)
  }

  /// Compares a password with a stored hash; without one (unknown user) it costs the same and never matches.
  package func verify(
    _ password: [UInt8], against stored: PasswordHash?, origin: Origin
  ) async throws(HashingError) -> Verdict {
    let (current, decoy) = state.withLock { ($0.parameters, $0.decoy) }
    let hash = stored ?? decoy
    let tag = try await tag(
      password, salt: hash.salt, parameters: hash.parameters, count: hash.tag.count, origin: origin)
    guard Argon2.equal(tag, hash.tag), stored != nil else { return .mismatch }
    return .match(rehash: hash.parameters != current || hash.salt.count < 16 || hash.tag.count < 32)
  }

  /// Takes other parameters for what is hashed from now on.
  package func reconfigure(parameters: Argon2Parameters) {
    let decoy = HashingState.decoy(parameters)
    state.withLock {
      $0.parameters = parameters
      $0.decoy = decoy
    }
  }

  /// Jobs that wait for a thread.
  package var queued: Int { state.withLock { $0.queue.count } }

  /// Hashes being computed.
  package var running: Int { state.withLock { $0.queue.running } }

  /// What the pool has done since it was made.
  package var counts: HashingCounts { state.withLock { $0.counts } }

  /// What the slowest parameters among those used since the start take (a moving average, rounded up): no refusal should
  /// leave earlier, or its time would tell which parameters an account has, and so that it exists.
  package var slowestMilliseconds: Int { state.withLock { Int(($0.times.slowest + 999_999) / 1_000_000) } }

  /// Fails what is queued, then waits for the hashes that run: not to be called on an event loop. Again does nothing.
  package func stop() {
    let abandoned = state.withLock { state in
      state.stopped = true
      return state.queue.removeAll()
    }
    state.broadcast()
    for job in abandoned { job.continuation.resume(returning: .failure(.stopped)) }
    let running = threads.withLock { threads in
      defer { threads = [] }
      return threads
    }
    for thread in running { thread.join() }
  }

  private func tag(
    _ password: [UInt8], salt: [UInt8], parameters: Argon2Parameters, count: Int, origin: Origin
  ) async throws(HashingError) -> [UInt8] {
    let result = await withCheckedContinuation { continuation in
      let job = HashingJob(
        password: PasswordBytes(password), salt: salt, parameters: parameters, count: count, continuation: continuation)
      if let refusal = state.withLock({ $0.admit(job, origin: origin) }) {
        continuation.resume(returning: .failure(refusal))
      } else {
        state.signal()
      }
    }
    return try result.get()
  }

  private static func work(
    _ state: Monitor<HashingState>, _ clock: () -> UInt64, _ compute: (HashingJob) -> [UInt8]?
  ) {
    while true {
      switch state.wait(until: { $0.next() }) {
      case .stop: return
      case .refuse(let job, let error): job.continuation.resume(returning: .failure(error))
      case .compute(let job):
        let start = clock()
        let tag = compute(job)
        let time = clock() - start
        state.withLock { $0.finished(job.parameters, nanoseconds: tag == nil ? nil : time) }
        job.continuation.resume(returning: tag.map { .success($0) } ?? .failure(.memory))
      }
    }
  }
}

/// What comparing a password with a stored hash says.
package enum Verdict: Sendable, Equatable {
  /// The password is right; `rehash` when the stored hash has other than the current parameters and should be replaced.
  case match(rehash: Bool)
  /// It is wrong, or there is no such user.
  case mismatch
}

/// How often the pool did what, since its start.
package struct HashingCounts: Sendable, Equatable {
  /// Hashes computed.
  package var computed = 0
  /// Jobs refused because the queue, or their share of it, was full.
  package var refusedByQueue = 0
  /// Jobs refused because their deadline passed while they waited.
  package var refusedByDeadline = 0
  /// Jobs that failed for want of memory.
  package var failedByMemory = 0
}
