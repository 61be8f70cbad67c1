// The list of cases. Each gets the machine, whose limits are measured once, and returns its figures.

/// Something that is measured.
struct Case: Sendable {
  let name: String
  let about: String
  let run: @Sendable (Machine) async throws -> [Figure]

  /// Every case, in the order of the table.
  static let all = [
    refresh, algorithms, connections, logout, mixed, feed, snapshot, redis, flood, sessions, millions,
    expiry, checkpoint, jwks, tls, login, me, clientCredentials, introspection, verify, signatures, issuing,
    verifier, start, memory, denylist, idle, slow, growth, counts,
  ]
}
