// The loop of both counts: some requests to warm up, then rounds, of which the cheapest counts.

/// What a request costs, by the loaded object whose code it is: the binary is "signet", the others have their files'
/// names.
package typealias Shares = [String: Double]

enum Rounds {
  /// What the server does by the clock (looking for changes of its keys, checkpoints) falls into some rounds and can
  /// only add to them, so the least of so many rounds is the requests' own cost.
  private static let count = 8

  /// - Parameters:
  ///   - take: the counts since it was called before.
  ///   - isOurs: whether an object's counts decide which round is the cheapest.
  static func least(
    _ requests: [CountedRequest], port: UInt16, take: (CountedRequest) throws -> [String: Double],
    isOurs: (String) -> Bool
  ) throws -> [CountedRequest: Shares] {
    let client = try CountedClient.loggedIn(port: port)
    var least: [CountedRequest: Shares] = [:]
    for request in requests {
      for _ in 0..<20 { try client.send(request) }
      _ = try take(request)
      var bound = Double.infinity
      for _ in 0..<count {
        for _ in 0..<request.perRound { try client.send(request) }
        let shares = try take(request).mapValues { $0 / Double(request.perRound) }
        let ours = shares.filter { isOurs($0.key) }.values.reduce(0, +)
        if ours < bound { (bound, least[request]) = (ours, shares) }
      }
    }
    return least
  }
}
