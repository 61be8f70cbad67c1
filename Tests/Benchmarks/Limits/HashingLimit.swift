// Password hashes with Signet's default parameters, on as many threads as it has: the library and nothing else.

import Foundation
import Passwords

extension Machine {
  /// Hashes a second, measured anew for `seconds`: where memory is shared with others it drifts within a minute.
  func hashing(seconds: Int) async throws -> Double {
    let pool = HashingPool(threads: cores, queue: 64, deadline: 60_000, parameters: .standard)
    defer { pool.stop() }
    let password = Array(SignetServer.password.utf8)
    let stored = try await pool.hash(password, origin: Origin(knownDevice: true, addressPrefix: 0))
    let clock = ContinuousClock()
    let start = clock.now
    let count = try await withThrowingTaskGroup(of: Int.self) { group in
      for _ in 0..<cores * 2 {
        group.addTask {
          var count = 0
          while start.duration(to: clock.now) < .seconds(seconds) {
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
