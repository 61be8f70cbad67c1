// Password hashes with Signet's default parameters, on as many threads as it has: the library and nothing else.

import Foundation
import Passwords

extension Machine {
  func hashing() async throws -> Figure.Limit {
    let threads = cores
    return try await once("Argon2id hashes/s, \(threads) threads") {
      let pool = HashingPool(threads: threads, queue: 64, deadline: 60_000, parameters: .standard)
      defer { pool.stop() }
      let password = Array(SignetServer.password.utf8)
      let stored = try await pool.hash(password, origin: Origin(knownDevice: true, addressPrefix: 0))
      let clock = ContinuousClock()
      let start = clock.now
      let count = try await withThrowingTaskGroup(of: Int.self) { group in
        for _ in 0..<threads * 2 {
          group.addTask {
            var count = 0
            while start.duration(to: clock.now) < .seconds(4) {
              _ = try await pool.verify(password, against: stored, origin: Origin(knownDevice: true, addressPrefix: 0))
              count += 1
            }
            return count
          }
        }
        return try await group.reduce(0, +)
      }
      return Double(count) / Machine.seconds(start.duration(to: clock.now))
    }
  }
}
