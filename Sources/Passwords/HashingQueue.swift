// Who may wait for a hashing thread, and who is next: a value without threads or clock, so that each rule can be tested.
// The pool's lock protects it.
//
// There are two lanes, each with half of the room, served in turn: `known` for devices that logged in here before, `open`
// for everybody. So a flood of strangers takes at most every other turn from the people who belong here. A known
// device overflows into the open lane, a stranger never into the known one.
//
// The room is what was configured, or less: as many jobs as the threads finish within the deadline at the measured
// speed. Since lane n is served every other turn and holds at most half of the room, nobody who is let in waits longer.

/// Whose password it is, as far as it concerns the queue.
package struct Origin: Sendable {
  /// Whether the request showed a good device token of this user.
  package let knownDevice: Bool
  /// The client's network, e.g. an IPv4 /24 or IPv6 /64 (or a hash of it): what one attacker can easily have many of.
  package let addressPrefix: UInt64

  /// An origin; the caller has checked the device token.
  package init(knownDevice: Bool, addressPrefix: UInt64) {
    self.knownDevice = knownDevice
    self.addressPrefix = addressPrefix
  }
}

struct HashingQueue<Job> {
  struct Entry {
    let job: Job
    let prefix: UInt64
    let deadline: UInt64
  }

  let capacity: Int
  let threads: Int
  /// Nanoseconds which a job may wait.
  let deadline: UInt64
  /// What one hash takes, in nanoseconds; 0 until the first was measured.
  var hashTime: UInt64 = 0
  /// Jobs being computed.
  private(set) var running = 0
  private var known = Lane<Entry>()
  private var open = Lane<Entry>()
  private var waitingByPrefix: [UInt64: Int] = [:]
  private var knownWasLast = false

  init(capacity: Int, threads: Int, deadline: UInt64) {
    self.capacity = capacity
    self.threads = threads
    self.deadline = deadline
  }

  var count: Int { known.count + open.count }

  /// Jobs that can wait without passing the deadline.
  var room: Int {
    guard hashTime > 0 else { return capacity }
    return min(capacity, Int(clamping: deadline / hashTime) * threads)
  }

  /// Seconds until the queue would be empty, for `Retry-After`: at least 1.
  var secondsToEmpty: Int {
    Int((UInt64(count + running) * hashTime / UInt64(threads) + 999_999_999) / 1_000_000_000).clamped(to: 1...3_600)
  }

  /// Takes the job in, or returns false at once.
  mutating func admit(_ job: Job, origin: Origin, now: UInt64) -> Bool {
    let entry = Entry(job: job, prefix: origin.addressPrefix, deadline: now &+ deadline)
    // A job for which a thread is idle doesn't wait, so that no share of the queue concerns it.
    let idle = count < threads - running
    if origin.knownDevice, idle || known.count < room / 2 {
      known.append(entry)
      return true
    }
    guard idle || (open.count < (room + 1) / 2 && mayWait(origin.addressPrefix)) else { return false }
    open.append(entry)
    waitingByPrefix[entry.prefix, default: 0] += 1
    return true
  }

  /// One network may hold a sixteenth of the room. The rule begins once a quarter of the room is taken: below that nobody
  /// is kept out by whoever waits, and a single proxy or test client could not use the server otherwise. Known
  /// devices are bounded by their lane alone, because a whole office may share one address.
  private func mayWait(_ prefix: UInt64) -> Bool {
    count < room / 4 || waitingByPrefix[prefix, default: 0] < max(1, room / 16)
  }

  /// The next job, which counts as running until `finished`; or nil when nobody waits.
  mutating func next() -> Entry? {
    let takeKnown = !known.isEmpty && (open.isEmpty || !knownWasLast)
    guard let entry = takeKnown ? known.removeFirst() : open.removeFirst() else { return nil }
    if !takeKnown { forget(entry.prefix) }
    knownWasLast = takeKnown
    running += 1
    return entry
  }

  private mutating func forget(_ prefix: UInt64) {
    guard let count = waitingByPrefix[prefix] else { return }
    waitingByPrefix[prefix] = count > 1 ? count - 1 : nil
  }

  mutating func finished() { running -= 1 }

  /// Empties the queue, in no particular order.
  mutating func removeAll() -> [Job] {
    defer {
      known = Lane()
      open = Lane()
      waitingByPrefix = [:]
    }
    return known.all.map(\.job) + open.all.map(\.job)
  }
}

/// First in, first out; the front part is given back once it is the larger one.
private struct Lane<Element> {
  private var elements: [Element?] = []
  private var first = 0

  var count: Int { elements.count - first }
  var isEmpty: Bool { count == 0 }
  var all: [Element] { elements[first...].compactMap(\.self) }

  mutating func append(_ element: Element) { elements.append(element) }

  mutating func removeFirst() -> Element? {
    guard first < elements.count else { return nil }
    defer {
      // Emptied, since the element may hold a password.
      elements[first] = nil
      first += 1
      if first > 16, first * 2 > elements.count {
        elements.removeFirst(first)
        first = 0
      }
    }
    return elements[first]
  }
}

extension Int {
  fileprivate func clamped(to range: ClosedRange<Int>) -> Int {
    Swift.min(Swift.max(self, range.lowerBound), range.upperBound)
  }
}
