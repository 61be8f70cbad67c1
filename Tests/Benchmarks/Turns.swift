// Signet beside another server: both run at once but are loaded in turns, since what a machine has to give changes with
// time.

/// What two servers reached in turns.
struct Turns {
  let mine: Double
  /// Nil without the other server.
  let other: Double?

  /// Loads each three times, one after the other; the medians.
  init(_ first: () throws -> Double, _ second: () throws -> Double?) rethrows {
    var (firsts, seconds): ([Double], [Double]) = ([], [])
    for _ in 0..<3 {
      firsts.append(try first())
      if let value = try second() { seconds.append(value) }
    }
    (mine, other) = (firsts.sorted()[1], seconds.isEmpty ? nil : seconds.sorted()[1])
  }

  /// The figure, with the other server as its limit.
  /// - Parameter part: of the other's rate, which is the target.
  func figure(_ name: String, beside other: String, atLeast part: Double) -> Figure {
    Figure(
      name: name, value: mine, unit: "/s", target: self.other.map { .atLeast(($0 * part).rounded(.up)) } ?? .none,
      limit: self.other.map { Figure.Limit(name: other, value: $0) })
  }
}
