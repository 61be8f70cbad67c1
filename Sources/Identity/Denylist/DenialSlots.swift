// One shard of the denylist's table as it stands in one of its halves: slots of three words, the id's two and what is
// denied of it. The third is written last and read first; 0 ends a search.

import Glibc
import Storage
import Synchronization

/// What is denied of an id, in one word: so that a change of it is seen whole.
package struct DeniedEntry {
  /// What an id is of.
  package enum Kind: UInt64, Sendable {
    case session = 1
    case token = 2
  }

  /// From the top: 32 bits of the generation from which on tokens are good (0: none is), 2 of the kind, 30 of the expiry in
  /// steps of 4 s, which last until 2106.
  let word: UInt64

  init(_ kind: Kind, validFrom: UInt32, expiresAt: Int64) {
    word = UInt64(validFrom) << 32 | kind.rawValue << 30 | Self.step(expiresAt)
  }

  init?(_ word: UInt64) {
    guard word != 0 else { return nil }
    self.word = word
  }

  var kind: UInt64 { word >> 30 & 3 }
  private var validFrom: UInt64 { word >> 32 }
  private var expiry: UInt64 { word & Self.latest }

  private static let latest: UInt64 = 1 << 30 - 1

  /// Rounded up.
  private static func step(_ time: Int64) -> UInt64 { UInt64(min(Int64(latest), (max(0, time) - 1) / 4000 + 1)) }

  /// Whether a token of this generation is denied.
  func denies(_ generation: UInt32) -> Bool { validFrom == 0 || generation < validFrom }

  func expired(_ before: Int64) -> Bool { before > 0 && expiry < UInt64(before) / 4000 }

  /// What denies all that this or the other does.
  func joined(_ other: DeniedEntry) -> DeniedEntry {
    let validFrom = validFrom == 0 || other.validFrom == 0 ? 0 : max(validFrom, other.validFrom)
    return DeniedEntry(word: validFrom << 32 | kind << 30 | max(expiry, other.expiry))
  }

  private init(word: UInt64) { self.word = word }
}

/// One shard's slots.
struct DenialSlots {
  private let base: UnsafeMutablePointer<Atomic<UInt64>>
  private let mask: Int

  /// Bytes of a shard with so many slots, as a power of two.
  static func size(_ power: Int) -> Int { 24 << power }

  /// - Parameter state: of the shard; which of its halves is in use follows from how often it was written anew.
  init(_ words: UnsafeMutablePointer<Atomic<UInt64>>, _ largest: Int, _ shard: Int, _ state: UInt64) {
    base = words + (shard * 2 + Int(state >> 8 & 1)) * (Self.size(largest) / 8)
    mask = 1 << Int(state & 0xff) - 1
  }

  /// The entry of an id, with its slot.
  func find(
    _ kind: DeniedEntry.Kind, _ id: UniqueID, _ hash: Int
  ) -> (entry: DeniedEntry, slot: UnsafeMutablePointer<Atomic<UInt64>>)? {
    // Bounded for a reader under whose eyes the slots become another table's.
    for step in 0...mask {
      let slot = slot(hash + step)
      guard let entry = DeniedEntry(slot[2].load(ordering: .acquiring)) else { return nil }
      if slot[1].load(ordering: .acquiring) == id.low, slot[0].load(ordering: .acquiring) == id.high,
        entry.kind == kind.rawValue
      {
        return (entry, slot)
      }
    }
    return nil
  }

  /// Adds an entry; false when it is joined with one that was there.
  func insert(_ entry: DeniedEntry, _ id: UniqueID, _ hash: Int) -> Bool {
    if let kind = DeniedEntry.Kind(rawValue: entry.kind), let (old, slot) = find(kind, id, hash) {
      slot[2].store(old.joined(entry).word, ordering: .releasing)
      return false
    }
    // There is one: a quarter of them is.
    var step = 0
    while slot(hash + step)[2].load(ordering: .relaxed) != 0 { step += 1 }
    let slot = slot(hash + step)
    // Not relaxed: whoever reads one of them in a half that was in use before must then see that it isn't any more.
    slot[0].store(id.high, ordering: .releasing)
    slot[1].store(id.low, ordering: .releasing)
    slot[2].store(entry.word, ordering: .releasing)
    return true
  }

  func forEach(_ body: (DeniedEntry, UniqueID) -> Void) {
    for index in 0...mask {
      let slot = slot(index)
      guard let entry = DeniedEntry(slot[2].load(ordering: .relaxed)) else { continue }
      body(entry, UniqueID(high: slot[0].load(ordering: .relaxed), low: slot[1].load(ordering: .relaxed)))
    }
  }

  /// Empties every slot and gives the memory back.
  func clear() { madvise(base, (mask + 1) * 24, MADV_DONTNEED) }

  private func slot(_ index: Int) -> UnsafeMutablePointer<Atomic<UInt64>> { base + (index & mask) * 3 }
}
