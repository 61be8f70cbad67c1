// Denied ids in memory, for every event loop at once: read without a lock, written by one thread at a time.
//
// 64 shards, each an open-addressed table of 24-byte slots in memory that stays mapped, so that no reader can fall off it.
// A shard grows and forgets by being written anew in its other half, which takes its writer less than a millisecond at
// 3,000,000 entries; a reader who looked meanwhile finds the shard's state changed and looks again. Ids are compared whole.

import Glibc
package import Storage
import Synchronization

/// A set of denied sessions and tokens.
///
/// `@unchecked Sendable`: readers touch atomics alone; whoever owns the table lets one thread write at a time.
package final class DenialTable: @unchecked Sendable {
  package static let shards = 64
  /// Slots of a shard at most, as a power of two. With three quarters of them used that is some 3,000,000 entries in
  /// 100 MB; an address space of twice that is reserved, of which untouched pages cost nothing.
  package static let largest = 16
  private static let smallest = 6

  /// Of each shard: how often it was written anew, and in the lowest byte its size as a power of two; 0 while it is empty.
  private let states: UnsafeMutablePointer<Atomic<UInt64>>
  /// Nil where the system reserved nothing: then there is no room for any entry.
  private let words: UnsafeMutablePointer<Atomic<UInt64>>?
  private let largest: Int
  private let total = Atomic<Int>(0)
  /// Of each shard; the writer's.
  private var used = [Int](repeating: 0, count: shards)

  package init(largest: Int = DenialTable.largest) {
    self.largest = largest
    states = .allocate(capacity: Self.shards)
    for shard in 0..<Self.shards { (states + shard).initialize(to: Atomic(0)) }
    let memory = mmap(
      nil, Self.size(largest), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
    // Untouched memory reads as zeros, as an atomic zero does.
    words = memory == MAP_FAILED ? nil : memory?.bindMemory(to: Atomic<UInt64>.self, capacity: Self.size(largest) / 8)
  }

  deinit {
    if let words { munmap(words, Self.size(largest)) }
    states.deinitialize(count: Self.shards)
    states.deallocate()
  }

  private static func size(_ largest: Int) -> Int { shards * 2 * DenialSlots.size(largest) }

  /// Entries, with those expired ones that weren't removed yet.
  package var count: Int { total.load(ordering: .relaxed) }

  /// Whether a token is denied, alone or with its session.
  package func contains(_ token: DeniableToken) -> Bool {
    if let session = token.session, let entry = find(.session, session), entry.denies(token.generation) { return true }
    return find(.token, token.id) != nil
  }

  private func find(_ kind: DeniedEntry.Kind, _ id: UniqueID) -> DeniedEntry? {
    let (hash, shard) = Self.place(of: id)
    while true {
      let state = states[shard].load(ordering: .acquiring)
      guard state != 0, let words else { return nil }
      let entry = DenialSlots(words, largest, shard, state).find(kind, id, hash)?.entry
      // What was read was read with `acquiring`, so before this.
      if states[shard].load(ordering: .relaxed) == state { return entry }
    }
  }

  /// Ids are random or end in a MAC, so that nobody chooses where they go.
  private static func place(of id: UniqueID) -> (hash: Int, shard: Int) {
    let mixed = (id.high ^ id.low) &* 0x9e37_79b9_7f4a_7c15
    return (Int(truncatingIfNeeded: mixed >> 32), Int(truncatingIfNeeded: mixed & UInt64(shards - 1)))
  }
}

extension DenialTable {
  /// Adds an entry, or lets one that is there deny what both do; false when there is no room. By one thread at a time.
  package func insert(_ kind: DeniedEntry.Kind, _ id: UniqueID, validFrom: UInt32, expiresAt: Int64) -> Bool {
    let (hash, shard) = Self.place(of: id)
    guard let words, makeRoom(shard, words) else { return false }
    let slots = DenialSlots(words, largest, shard, states[shard].load(ordering: .relaxed))
    let isNew = slots.insert(DeniedEntry(kind, validFrom: validFrom, expiresAt: expiresAt), id, hash)
    if isNew {
      used[shard] += 1
      total.wrappingAdd(1, ordering: .relaxed)
    }
    return true
  }

  /// Removes a shard's entries that expired before `before`, once they are a quarter of it. By one thread at a time.
  package func removeExpired(ofShard shard: Int, before: Int64) {
    let state = states[shard].load(ordering: .relaxed)
    guard state != 0, let words else { return }
    var expired = 0
    DenialSlots(words, largest, shard, state).forEach { entry, _ in if entry.expired(before) { expired += 1 } }
    if expired > 0, expired * 4 >= used[shard] { rewrite(shard, words, without: before, removing: expired) }
  }

  /// Three quarters: a search for an id that isn't there looks at 8 slots on average.
  private func makeRoom(_ shard: Int, _ words: UnsafeMutablePointer<Atomic<UInt64>>) -> Bool {
    let size = Int(states[shard].load(ordering: .relaxed) & 0xff)
    if size > 0, used[shard] < 3 << size / 4 { return true }
    if size == largest { return false }
    rewrite(shard, words, without: .min, removing: 0)
    return true
  }

  /// Writes a shard anew in its other half, and then lets readers find it there.
  private func rewrite(
    _ shard: Int, _ words: UnsafeMutablePointer<Atomic<UInt64>>, without before: Int64, removing expired: Int
  ) {
    let old = states[shard].load(ordering: .relaxed)
    used[shard] -= expired
    total.wrappingSubtract(expired, ordering: .relaxed)
    var size = Self.smallest
    while size < largest, 1 << size < used[shard] * 2 + 1 { size += 1 }
    let new = ((old >> 8) + 1) << 8 | UInt64(size)
    let slots = DenialSlots(words, largest, shard, new)
    if old != 0 {
      DenialSlots(words, largest, shard, old).forEach { entry, id in
        if !entry.expired(before) { _ = slots.insert(entry, id, Self.place(of: id).hash) }
      }
    }
    states[shard].store(new, ordering: .releasing)
    // Given back, and zeros from here on: whoever still looks there looks again.
    if old != 0 { DenialSlots(words, largest, shard, old).clear() }
  }
}
