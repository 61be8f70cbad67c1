// A small world around one session, drawn from a seed: what happens, in which order, without saying what becomes of it.
//
// Presentations say whose copy of the token is shown rather than which generation, since that depends on the answers.

/// One thing that happens.
enum Happening: Sendable {
  /// Real time passes, in milliseconds.
  case pass(Int64)
  /// The wall clock is stepped.
  case jump(Int64)
  /// The client refreshes; the answer may be lost on its way, and tabs may race with the same token.
  case refresh(lost: Bool, tabs: Int)
  /// The thief copies what the client holds.
  case steal
  /// The thief shows the copy, keeping what is answered.
  case abuse
  /// The client goes on from another address prefix.
  case move(Int64)
  /// The store loses its last commits: what one replica hadn't got from the other, or a backup.
  case failover(commits: Int)
  /// A presentation that must be refused without consequence.
  case mistake(Mistake)
}

enum Mistake: CaseIterable, Sendable {
  case client, scope
}

/// A seed's world.
struct Scenario: Sendable {
  let seed: UInt64
  let happenings: [Happening]
  /// Retry window, idle and absolute lifetime, in milliseconds.
  let window: Int64
  let idle: Int64
  let absolute: Int64
  let revokesElsewhere: Bool
  /// Which disturbances there are; a world without any shows what an innocent client may rely on.
  let hasThief: Bool
  let hasFailovers: Bool
  let hasMoves: Bool

  init(seed: UInt64, length: Int = 60) {
    var random = SeededRandom(seed: seed)
    self.seed = seed
    window = [0, 10_000, 60_000].randomElement(using: &random) ?? 0
    idle = Int64.random(in: 600_000...7_200_000, using: &random)
    absolute = Int64.random(in: 600_000...36_000_000, using: &random)
    revokesElsewhere = random.happens(30)
    let disturbances = (thief: random.happens(50), failovers: random.happens(40), moves: random.happens(50))
    (hasThief, hasFailovers, hasMoves) = disturbances
    happenings = (0..<length).map { _ in Self.draw(disturbances, &random) }
  }

  private static func draw(
    _ disturbances: (thief: Bool, failovers: Bool, moves: Bool), _ random: inout SeededRandom
  ) -> Happening {
    switch Int.random(in: 0..<100, using: &random) {
    case 0..<35: .refresh(lost: random.happens(30), tabs: Int.random(in: 1...3, using: &random))
    case 35..<55: .pass(Int64.random(in: 0...20_000, using: &random))
    case 55..<65: .pass(Int64.random(in: 0...1_200_000, using: &random))
    case 65..<70: .jump(Int64.random(in: -4...4, using: &random) * 3_600_000)
    case 70..<75 where disturbances.moves: .move(Int64.random(in: 1...3, using: &random))
    case 75..<82: .mistake(Mistake.allCases.randomElement(using: &random) ?? .client)
    case 82..<87 where disturbances.failovers: .failover(commits: Int.random(in: 1...4, using: &random))
    case 87..<92 where disturbances.thief: .steal
    case 92..<100 where disturbances.thief: .abuse
    default: .pass(1000)
    }
  }
}
