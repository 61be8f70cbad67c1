// The pool with its threads: verdicts, costs, refusals, and the way it stops.

import Testing

@testable import Passwords

@Suite struct HashingPoolTests {
  static let origin = Origin(knownDevice: false, addressPrefix: 1)
  private let password = Array("correct horse battery staple".utf8)

  private func cheap(memoryKiB: Int = 64, iterations: Int = 1, parallelism: Int = 1) throws -> Argon2Parameters {
    try Argon2Parameters(memoryKiB: memoryKiB, iterations: iterations, parallelism: parallelism)
  }

  /// About half a second a hash.
  private func slow() throws -> Argon2Parameters { try cheap(memoryKiB: 1 << 18, iterations: 2) }

  private func wait(until condition: () -> Bool) async throws {
    while !condition() { try await Task.sleep(nanoseconds: 1_000_000) }
  }

  @Test func verdicts() async throws {
    let pool = HashingPool(threads: 2, queue: 64, deadline: 60_000, parameters: try cheap())
    let hash = try await pool.hash(password, origin: Self.origin)
    #expect(try PasswordHash(phc: hash.phc) == hash)
    #expect(try await pool.verify(password, against: hash, origin: Self.origin) == .match(rehash: false))
    #expect(try await pool.verify(password.dropLast(), against: hash, origin: Self.origin) == .mismatch)
    #expect(try await pool.verify([], against: hash, origin: Self.origin) == .mismatch)
    #expect(try await pool.verify(password, against: nil, origin: Self.origin) == .mismatch)
    #expect(try await pool.hash(password, origin: Self.origin) != hash)
    let empty = try await pool.hash([], origin: Self.origin)
    #expect(try await pool.verify([], against: empty, origin: Self.origin) == .match(rehash: false))
    #expect(pool.counts == HashingCounts(computed: 8))
  }

  @Test func otherParametersAreReplaced() async throws {
    let pool = HashingPool(threads: 1, queue: 64, deadline: 60_000, parameters: try cheap())
    let old = try await pool.hash(password, origin: Self.origin)
    let lanes = try cheap(memoryKiB: 128, iterations: 2, parallelism: 4)
    pool.reconfigure(parameters: lanes)
    #expect(try await pool.verify(password, against: old, origin: Self.origin) == .match(rehash: true))
    let new = try await pool.hash(password, origin: Self.origin)
    #expect(new.parameters == lanes)
    #expect(try await pool.verify(password, against: new, origin: Self.origin) == .match(rehash: false))
    #expect(try await pool.verify(password, against: nil, origin: Self.origin) == .mismatch)
  }

  @Test func slowestSchemeIsKnown() async throws {
    let pool = HashingPool(threads: 1, queue: 64, deadline: 60_000, parameters: try cheap())
    #expect(pool.slowestMilliseconds == 0)
    let imported = try PasswordHash(phc: "$argon2id$v=19$m=65536,t=2,p=2$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA")
    #expect(try await pool.verify(password, against: imported, origin: Self.origin) == .mismatch)
    let slowest = pool.slowestMilliseconds
    for _ in 0..<50 { _ = try await pool.verify(password, against: nil, origin: Self.origin) }
    #expect(slowest > 10 && pool.slowestMilliseconds == slowest)
  }

  @Test func fullQueueRefusesAtOnce() async throws {
    let pool = HashingPool(threads: 1, queue: 8, deadline: 600_000, parameters: try slow())
    let password = password
    async let first = pool.hash(password, origin: Self.origin)
    try await wait { pool.counts.computed == 0 && pool.runs }
    let refused = await withTaskGroup(of: HashingError?.self) { group in
      for network in 0..<20 {
        group.addTask {
          do throws(HashingError) {
            _ = try await pool.hash(password, origin: Origin(knownDevice: false, addressPrefix: UInt64(network)))
            return nil
          } catch { return error }
        }
      }
      var refused: [HashingError] = []
      // Sixteen of twenty find the open half, four, taken; they are answered before any hash ends.
      while refused.count < 16, let next = await group.next() { if let next { refused.append(next) } }
      #expect(pool.counts.refusedByQueue == 16 && pool.queued <= 4)
      pool.stop()
      for await rest in group { #expect(rest == nil || rest == .stopped) }
      return refused
    }
    #expect(refused.allSatisfy { if case .queueFull(let seconds) = $0 { seconds >= 1 } else { false } })
    _ = try await first
  }

  @Test func waitingPastTheDeadlineIsRefused() async throws {
    let pool = HashingPool(threads: 1, queue: 64, deadline: 20, parameters: try slow())
    let password = password
    async let first = pool.hash(password, origin: Self.origin)
    try await wait { pool.runs }
    // Nothing was measured yet, so this one is let in, and learns its fate when the thread is free.
    let error = await #expect(throws: HashingError.self) { try await pool.hash(password, origin: Self.origin) }
    guard case .deadlinePassed = error else { return #expect(error == .deadlinePassed(retryAfterSeconds: 1)) }
    _ = try await first
    #expect(pool.counts.refusedByDeadline == 1)
    // Now the speed is known: whoever would have to wait is refused at once.
    async let second = pool.hash(password, origin: Self.origin)
    try await wait { pool.runs }
    let refusal = await #expect(throws: HashingError.self) { try await pool.hash(password, origin: Self.origin) }
    guard case .queueFull = refusal else { return #expect(refusal == .queueFull(retryAfterSeconds: 1)) }
    _ = try await second
  }

  @Test func stopFailsWhatWaits() async throws {
    let pool = HashingPool(threads: 1, queue: 64, deadline: 60_000, parameters: try slow())
    let password = password
    async let first = pool.hash(password, origin: Self.origin)
    try await wait { pool.runs }
    async let second = pool.hash(password, origin: Self.origin)
    try await wait { pool.queued == 1 }
    pool.stop()
    #expect(try await first.parameters == slow())
    var failure: (any Error)?
    do { _ = try await second } catch { failure = error }
    #expect(failure as? HashingError == .stopped)
    await #expect(throws: HashingError.stopped) { try await pool.hash(password, origin: Self.origin) }
    pool.stop()
  }

  @Test func manyCallers() async throws {
    let pool = HashingPool(threads: 2, queue: 1_024, deadline: 600_000, parameters: try cheap())
    let hash = try await pool.hash(password, origin: Self.origin)
    let password = password
    let right = try await withThrowingTaskGroup(of: Bool.self) { group in
      for caller in 0..<200 {
        group.addTask {
          let origin = Origin(knownDevice: caller.isMultiple(of: 2), addressPrefix: UInt64(caller))
          let guess = caller.isMultiple(of: 3) ? password : password + [UInt8(caller)]
          return try await pool.verify(guess, against: hash, origin: origin) == .match(rehash: false)
        }
      }
      return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    #expect(right == 67)
    #expect(pool.queued == 0 && pool.counts.computed == 201)
  }
}

extension HashingPool {
  /// Whether a hash is being computed.
  fileprivate var runs: Bool { running > 0 }
}
