// The pool with its threads: verdicts, costs, and many callers at once.

import Testing

@testable import Passwords

@Suite struct HashingPoolTests {
  static let origin = Origin(knownDevice: false, addressPrefix: 1)
  private let password = Array("correct horse battery staple".utf8)

  private func cheap(memoryKiB: Int = 64, iterations: Int = 1, parallelism: Int = 1) throws -> Argon2Parameters {
    try Argon2Parameters(memoryKiB: memoryKiB, iterations: iterations, parallelism: parallelism)
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
