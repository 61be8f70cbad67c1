// What an Argon2id hash costs. The upper limits exist because a stored hash decides what its verification costs: without
// them, one imported line could make a login take minutes or all memory.

/// The three costs of Argon2id (RFC 9106 section 3.1), always within the limits below.
package struct Argon2Parameters: Sendable, Hashable {
  /// Memory in KiB: 8 for each lane at least, 1 GiB at most.
  package let memoryKiB: Int
  /// Passes over the memory: 1 to 1,024.
  package let iterations: Int
  /// Lanes: 1 to 64. They are computed one after the other, so a hash never takes more than its own thread.
  package let parallelism: Int

  /// 19 MiB, 2 passes, 1 lane: the first choice of OWASP's Password Storage Cheat Sheet.
  package static let standard = Argon2Parameters(unchecked: 19_456, 2, 1)

  /// Throws `PasswordError.outOfRange` unless each value, and memory times passes (4 GiB), is within its limits.
  package init(memoryKiB: Int, iterations: Int, parallelism: Int) throws(PasswordError) {
    guard (1...64).contains(parallelism), (1...1_024).contains(iterations),
      // RFC 9106 3.1: at least 8 KiB a lane.
      (8 * parallelism...1 << 20).contains(memoryKiB), memoryKiB * iterations <= 4 << 20
    else { throw .outOfRange }
    self.init(unchecked: memoryKiB, iterations, parallelism)
  }

  private init(unchecked memoryKiB: Int, _ iterations: Int, _ parallelism: Int) {
    self.memoryKiB = memoryKiB
    self.iterations = iterations
    self.parallelism = parallelism
  }
}
