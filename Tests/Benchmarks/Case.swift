// The list of cases. Each gets the machine, whose limits are measured once, and returns its figures.

/// Something that is measured.
struct Case: Sendable {
  let name: String
  let about: String
  let run: @Sendable (Machine) async throws -> [Figure]

  /// Every case, in the order of the table.
  static let all = [
    refresh, algorithms, connections, logout, redis, mixed, flood, sessions, millions, expiry, checkpoint, jwks, tls,
    login,
    me, signatures, issuing, verifier, start, memory, idle, slow, growth, counts,
  ]
}
