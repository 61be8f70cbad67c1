// Timers in two wheels: one of 8 ms slots over the next two seconds, one of two-second slots beyond.
//
// Why not a heap: nearly every timer here is a deadline which is cancelled or put off, and in a wheel both are O(1)
// without an allocation. Ten thousand idle connections stand in the coarse wheel and wake nobody until their slot is
// due. A timer never fires early; it may fire 8 ms late. Time is an argument, so tests turn the wheel by hand.

/// Names a timer until it fires or is cancelled; afterwards it names nothing.
package struct TimerID: Equatable, Sendable {
  fileprivate let index: Int32
  fileprivate let generation: UInt32
}

/// Payloads which come due.
/// A hierarchical timer wheel.
package struct TimerWheel<Payload> {
  private struct Entry {
    var payload: Payload?
    var due = 0
    var generation: UInt32 = 0
    var slot: Int32 = -1
    var next: Int32 = -1
    var previous: Int32 = -1
  }

  private static var slots: Int { 256 }
  /// Milliseconds a slot of the fine wheel, as a power of two.
  private static var fineShift: Int { 3 }
  private static var coarseShift: Int { 11 }

  private var entries: [Entry] = []
  private var free: Int32 = -1
  /// The fine wheel's slots, then the coarse wheel's, then the list of those which are due.
  private var heads = [Int32](repeating: -1, count: 2 * 256 + 1)
  private var occupied = [UInt64](repeating: 0, count: 8)
  /// The fine slot up to which all has been moved to the list of those due, in units of 8 ms since the clock's zero.
  private var turned: Int

  /// A wheel whose clock stands at `now`, in milliseconds.
  package init(now: Int) { turned = now >> Self.fineShift }

  /// How many timers wait.
  package private(set) var count = 0

  /// Schedules `payload` for `due`, in milliseconds on the clock given to `init`.
  package mutating func schedule(_ payload: Payload, at due: Int) -> TimerID {
    let index = allocate()
    entries[Int(index)].payload = payload
    entries[Int(index)].due = due
    place(index)
    count += 1
    return TimerID(index: index, generation: entries[Int(index)].generation)
  }

  /// Takes a timer back; false when it has fired or was cancelled already.
  @discardableResult
  package mutating func cancel(_ id: TimerID) -> Bool {
    guard entries[Int(id.index)].generation == id.generation, entries[Int(id.index)].slot >= 0 else { return false }
    unlink(id.index)
    release(id.index)
    return true
  }

  /// The next payload due at `now`, until nil. Scheduling and cancelling between two calls is fine.
  package mutating func popDue(_ now: Int) -> Payload? {
    turn(to: now >> Self.fineShift)
    let index = heads[2 * Self.slots]
    guard index >= 0 else { return nil }
    unlink(index)
    let payload = entries[Int(index)].payload
    release(index)
    return payload
  }

  /// Milliseconds until `popDue` may have something, at most; nil when no timer waits.
  package func wait(from now: Int) -> Int? {
    guard count > 0 else { return nil }
    if heads[2 * Self.slots] >= 0 { return 0 }
    // The nearest coarse slot may hold something due before the nearest in the fine wheel.
    let coarseNow = turned >> 8
    let fine = nextOccupied(firstWord: 0, after: turned).map { (turned + $0) << Self.fineShift }
    let coarse = nextOccupied(firstWord: 4, after: coarseNow).map { (coarseNow + $0) << Self.coarseShift }
    guard let next = fine ?? coarse else { return nil }
    return max(0, min(next, coarse ?? next) - now)
  }

  /// Removes every timer and returns what they held, in no order.
  package mutating func removeAll() -> [Payload] {
    let payloads = entries.compactMap { $0.slot >= 0 ? $0.payload : nil }
    self = TimerWheel(now: turned << Self.fineShift)
    return payloads
  }
}

// The wheel's inside.
extension TimerWheel {
  /// Moves the hand slot by slot, skipping ahead while nothing waits.
  private mutating func turn(to target: Int) {
    guard count > 0 else { return turned = max(turned, target) }
    while turned < target {
      turned += 1
      // Every 256th step opens the next coarse slot, which must precede reading the fine slot it may fill.
      if turned & 0xff == 0 { spread(Self.slots + (turned >> 8) & 0xff) }
      spread(turned & 0xff)
    }
  }

  /// Places the entries of a slot anew: nearer, or among those due.
  private mutating func spread(_ slot: Int) {
    var index = heads[slot]
    while index >= 0 {
      let next = entries[Int(index)].next
      unlink(index)
      place(index)
      index = next
    }
  }

  private mutating func place(_ index: Int32) {
    // Rounded up, since a timer must not fire early.
    let due = (entries[Int(index)].due + 7) >> Self.fineShift
    let slot: Int
    if due <= turned {
      slot = 2 * Self.slots
    } else if due - turned < Self.slots {
      slot = due & 0xff
    } else {
      // Beyond the coarse wheel (nine minutes) it waits in the farthest slot and is placed again from there.
      slot = Self.slots + min(due >> 8, turned >> 8 + 255) & 0xff
    }
    link(index, slot)
  }

  private mutating func link(_ index: Int32, _ slot: Int) {
    let head = heads[slot]
    entries[Int(index)].slot = Int32(slot)
    entries[Int(index)].next = head
    entries[Int(index)].previous = -1
    if head >= 0 { entries[Int(head)].previous = index }
    heads[slot] = index
    if slot < 2 * Self.slots { occupied[slot >> 6] |= 1 << UInt64(slot & 63) }
  }

  private mutating func unlink(_ index: Int32) {
    let entry = entries[Int(index)]
    if entry.previous >= 0 {
      entries[Int(entry.previous)].next = entry.next
    } else {
      heads[Int(entry.slot)] = entry.next
    }
    if entry.next >= 0 { entries[Int(entry.next)].previous = entry.previous }
    if heads[Int(entry.slot)] < 0, entry.slot < 2 * Self.slots {
      occupied[Int(entry.slot) >> 6] &= ~(1 << UInt64(entry.slot & 63))
    }
    entries[Int(index)].slot = -1
  }

  private mutating func allocate() -> Int32 {
    guard free >= 0 else {
      entries.append(Entry())
      return Int32(entries.count - 1)
    }
    let index = free
    free = entries[Int(index)].next
    return index
  }

  private mutating func release(_ index: Int32) {
    entries[Int(index)].payload = nil
    entries[Int(index)].generation &+= 1
    entries[Int(index)].next = free
    free = index
    count -= 1
  }

  /// How many slots after `position` the next occupied one of a wheel lies, 1...255.
  private func nextOccupied(firstWord: Int, after position: Int) -> Int? {
    var distance = 1
    while distance < Self.slots {
      let slot = (position + distance) & 0xff
      let rest = occupied[firstWord + slot >> 6] >> UInt64(slot & 63)
      if rest != 0 {
        distance += rest.trailingZeroBitCount
        return distance < Self.slots ? distance : nil
      }
      distance += 64 - slot & 63
    }
    return nil
  }
}
