// The denylist's table: whole ids, growth and expiry under the eyes of readers, and its bound.
//
// A failure names its seed; `SIGNET_SEED=n swift test --filter DenialTableTests` plays that one again, as far as threads do.

import Glibc
import OpenSSL
import Storage
import Synchronization
import Testing

@testable import Identity

private let time: Int64 = 1_700_000_000_000

@Suite struct DenialTableTests {
  private func add(
    _ id: UniqueID, to table: DenialTable, _ kind: DeniedEntry.Kind = .session, validFrom: UInt32 = 0,
    until delay: Int64 = 900_000
  ) -> Bool {
    table.insert(kind, id, validFrom: validFrom, expiresAt: time + delay)
  }

  private func denies(_ table: DenialTable, session: UniqueID, _ generation: UInt32 = 0) -> Bool {
    table.contains(DeniableToken(session: session, generation: generation, id: UniqueID(high: 1, low: 1)))
  }

  private func removeExpired(_ table: DenialTable, after delay: Int64) {
    for shard in 0..<DenialTable.shards { table.removeExpired(ofShard: shard, before: time + delay) }
  }

  @Test func idsAreComparedWhole() {
    let table = DenialTable(largest: 8)
    let id = UniqueID(random: Random.bytes(16))
    #expect(add(id, to: table))
    #expect(denies(table, session: id))
    for bit in 0..<64 {
      #expect(!denies(table, session: UniqueID(high: id.high ^ 1 << bit, low: id.low)))
      #expect(!denies(table, session: UniqueID(high: id.high, low: id.low ^ 1 << bit)))
    }
    // The two halves of an id take part in its place by one operation, which these share.
    #expect(!denies(table, session: UniqueID(high: id.low, low: id.high)))
    // A token's id isn't a session's.
    #expect(!table.contains(DeniableToken(session: nil, generation: 0, id: id)))
    #expect(add(id, to: table, .token) && table.count == 2)
    #expect(table.contains(DeniableToken(session: nil, generation: 0, id: id)))
  }

  @Test func laterRowsDenyNoLess() {
    let table = DenialTable(largest: 8)
    let id = UniqueID(random: Random.bytes(16))
    #expect(add(id, to: table, validFrom: 5))
    #expect(denies(table, session: id, 4) && !denies(table, session: id, 5))
    #expect(add(id, to: table, validFrom: 3, until: 100))
    #expect(denies(table, session: id, 4) && !denies(table, session: id, 5))
    #expect(add(id, to: table, validFrom: 0, until: 100))
    #expect(add(id, to: table, validFrom: 9))
    #expect(denies(table, session: id, .max) && table.count == 1)
    // Until the latest of the four.
    removeExpired(table, after: 800_000)
    #expect(denies(table, session: id))
    removeExpired(table, after: 910_000)
    #expect(!denies(table, session: id) && table.count == 0)
  }

  @Test func takesWhatFitsAndSaysSo() {
    let table = DenialTable(largest: 6)
    var (taken, refused): ([UniqueID], [UniqueID]) = ([], [])
    for number in 0..<8000 {
      let id = UniqueID(random: Random.bytes(16))
      if add(id, to: table, until: number % 2 == 0 ? 100_000 : 900_000) { taken.append(id) } else { refused.append(id) }
    }
    #expect(table.count == taken.count && taken.count == 64 * 48)
    #expect(taken.allSatisfy { denies(table, session: $0) } && !refused.contains { denies(table, session: $0) })
    removeExpired(table, after: 200_000)
    #expect(table.count < taken.count * 3 / 5)
    #expect(add(refused[0], to: table) && denies(table, session: refused[0]))
  }

  /// What readers and the writer of one table share.
  private final class Sharing: Sendable {
    let table = DenialTable(largest: 12)
    let lasting: [UniqueID], never: [UniqueID], passing: [UniqueID]
    /// How many of the lasting ones have been added.
    let added = Atomic<Int>(0)
    let isOver = Atomic<Bool>(false)
    let failures = Atomic<Int>(0)

    init(_ seed: UInt64) {
      lasting = ids(4000, seed)
      never = ids(4000, seed &+ 1)
      passing = ids(60_000, seed &+ 2)
    }

    func isDenied(_ session: UniqueID) -> Bool {
      table.contains(DeniableToken(session: session, generation: 0, id: UniqueID(high: 1, low: 1)))
    }

    func read() async {
      while !isOver.load(ordering: .relaxed) {
        for _ in 0..<100 {
          let count = added.load(ordering: .acquiring)
          if count > 0, !isDenied(lasting[Int.random(in: 0..<count)]) { failures.wrappingAdd(1, ordering: .relaxed) }
          if isDenied(never[Int.random(in: 0..<never.count)]) { failures.wrappingAdd(1, ordering: .relaxed) }
        }
        await Task.yield()
      }
    }

    func write() async {
      for (number, id) in passing.enumerated() {
        _ = table.insert(.session, id, validFrom: 0, expiresAt: time + Int64(number))
        if number % 15 == 0 {
          _ = table.insert(.session, lasting[number / 15], validFrom: 0, expiresAt: time + 9_000_000)
          added.store(number / 15 + 1, ordering: .releasing)
        }
        guard number % 1000 == 999 else { continue }
        for shard in 0..<DenialTable.shards { table.removeExpired(ofShard: shard, before: time + Int64(number)) }
        await Task.yield()
      }
      isOver.store(true, ordering: .relaxed)
    }
  }

  /// Readers go on while the table grows, forgets and takes up. What was denied before they looked is denied, whatever is
  /// under way; what never was isn't.
  @Test func readersNeverMissWhatWasDenied() async {
    let seed = getenv("SIGNET_SEED").flatMap { UInt64(String(cString: $0)) } ?? .random(in: .min ... .max)
    print("denial table: SIGNET_SEED=\(seed)")
    let sharing = Sharing(seed)
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<3 { group.addTask { await sharing.read() } }
      group.addTask { await sharing.write() }
    }
    #expect(sharing.failures.load(ordering: .relaxed) == 0, "seed \(seed)")
    #expect(sharing.lasting.allSatisfy { sharing.isDenied($0) })
    #expect(sharing.table.count < 20_000)
  }
}

private func ids(_ count: Int, _ seed: UInt64) -> [UniqueID] {
  var state = seed
  func next() -> UInt64 {
    // SplitMix64.
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
    return z ^ z >> 31
  }
  return (0..<count).map { _ in UniqueID(high: next(), low: next()) }
}
