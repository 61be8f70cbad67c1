// A thread, its epoll and everything which lives on it: one actor which is its own serial executor.
//
// The compiler proves that state of a loop is touched by its own thread only: connections are not Sendable and their
// methods take the loop as an isolated parameter. The thread enters isolation once; a continuation resumed
// elsewhere comes back through the inbox. One tick is: wait, start hooks, ready descriptors, timers, jobs, end hooks.
// What the loop doesn't do: own descriptors. Whoever watches one closes it.

import Glibc
package import Synchronization

/// An event loop, an actor on its own thread.
package actor EventLoop {
  // Computed, since the compiler must check at run time that nobody else is at a stored property which other modules
  // see: 63 instructions each time.
  /// Monotonic milliseconds, read once a tick.
  package var now: Int { clock.monotonic / 1000 }
  /// Monotonic microseconds, read once a tick.
  package var nowMicroseconds: Int { clock.monotonic }
  /// Milliseconds since 1970, read once a tick.
  package var wall: Int { clock.wall }
  /// How many connections live here; whoever hands one over counts it at once, so that the next sees it.
  package nonisolated let load = Atomic<Int>(0)

  private var clock: Clock
  let poller: Poller
  private var timers: TimerWheel<TimerAction>
  /// When the next timer may be due, in milliseconds, so that most ticks leave the wheel alone.
  private var nextTimer = Int.max
  nonisolated let inbox: Inbox
  nonisolated let thread = Atomic<UInt>(0)

  private var slots: [Slot] = []
  private var jobs: [UnownedJob] = []
  private var hasJobs = false
  private var running: [UnownedJob] = []
  private var received: [Inbox.Item] = []
  private var startHooks: [() -> Void] = []
  private var endHooks: [() -> Void] = []
  private var finishHooks: [() -> Void] = []
  private var stopping = false
  private var hasMore = false
  /// What modules above keep on this loop, by whose it is; dropped when the loop ends.
  package var attachments: [ObjectIdentifier: AnyObject] = [:]

  // Objects, and the lists above replaced rather than changed in place: so the compiler sees that no use of them overlaps
  // another, and need not check it at run time.
  private final class Slot {
    var generation: UInt32 = 0
    var watch: Watch?
  }

  init() {
    clock = Clock()
    timers = TimerWheel(now: clock.monotonic / 1000)
    poller = Poller()
    inbox = Inbox(waker: poller.waker)
  }

  /// Runs `body` on the loop soon, in order of submission; lost when the loop has stopped.
  package nonisolated func submit(_ body: @escaping @Sendable (isolated EventLoop) -> Void) {
    inbox.put(.call(body))
  }

  /// Watches a descriptor until `Watch.stop`; nil when the kernel refuses (out of memory or of watches).
  /// - Parameters:
  ///   - ready: called with what the descriptor is ready for.
  ///   - expired: called when the watch's deadline has passed.
  package func watch(
    _ descriptor: Int32, for readiness: Readiness, ready: @escaping (Readiness) -> Void,
    expired: @escaping () -> Void
  ) -> Watch? {
    let index = Int(descriptor)
    if slots.count <= index { slots = slots + (slots.count...2 * index).map { _ in Slot() } }
    let slot = slots[index]
    slot.generation &+= 1
    let watch = Watch(descriptor: descriptor, generation: slot.generation, interest: readiness)
    guard poller.add(descriptor, generation: watch.generation, for: readiness) else { return nil }
    watch.onReady = ready
    watch.onExpiry = expired
    slot.watch = watch
    return watch
  }

  func forget(_ watch: Watch) {
    poller.remove(watch.descriptor)
    slots[Int(watch.descriptor)].watch = nil
  }

  /// Calls `hook` at the start of every tick, once the clock has been read.
  package func atTickStart(_ hook: @escaping () -> Void) { startHooks = startHooks + [hook] }

  /// Calls `hook` at the end of every tick, in order of registration: log lines first, then replies.
  package func atTickEnd(_ hook: @escaping () -> Void) { endHooks = endHooks + [hook] }

  /// Calls `hook` once, when the loop has ended: for what would keep itself alive.
  package func atFinish(_ hook: @escaping () -> Void) { finishHooks = finishHooks + [hook] }

  /// Has the next tick begin at once: something was put off to it so that others have their turn.
  package func goOn() { hasMore = true }

  /// Calls `body` in `milliseconds`; it may be up to 8 ms late, never early.
  @discardableResult
  package func schedule(milliseconds: Int, _ body: @escaping () -> Void) -> TimerID {
    schedule(.call(body), at: now + milliseconds)
  }

  /// Takes back what `schedule` set; false when it has run.
  @discardableResult
  package func cancel(_ timer: TimerID) -> Bool { timers.cancel(timer) }

  func schedule(_ action: TimerAction, at due: Int) -> TimerID {
    // The hand of an empty wheel stands still.
    if timers.count == 0 { _ = timers.popDue(now) }
    nextTimer = min(nextTimer, due)
    return timers.schedule(action, at: due)
  }

  /// Waits without holding the thread; ends early only when the loop stops.
  package func sleep(milliseconds: Int) async {
    guard !stopping else { return }
    await withCheckedContinuation { continuation in
      _ = schedule(.resume(continuation), at: now + milliseconds)
    }
  }

  func requestStop() { stopping = true }

  func append(_ job: UnownedJob) {
    jobs.append(job)
    hasJobs = true
  }
}

enum TimerAction {
  case watch(Watch)
  case call(() -> Void)
  case resume(CheckedContinuation<Void, Never>)
}

// The thread's side.
extension EventLoop {
  /// The thread's body: ticks until the loop is stopped.
  nonisolated func run() {
    thread.store(UInt(pthread_self()), ordering: .relaxed)
    // Entered once and not once a tick: each entry costs an allocation.
    assumeIsolated { loop in
      while loop.tick() {}
      loop.finish()
    }
  }

  private func tick() -> Bool {
    let count = poller.wait(milliseconds: timeout())
    clock = Clock()
    for hook in startHooks { hook() }
    for index in 0..<count { dispatch(index) }
    if now >= nextTimer { runTimers() }
    takeInbox()
    runJobs()
    for hook in endHooks { hook() }
    return !stopping
  }

  private func timeout() -> Int32 {
    defer { hasMore = false }
    guard !hasMore, !hasJobs, inbox.prepareToSleep() else { return 0 }
    return nextTimer == .max ? -1 : Int32(clamping: max(0, nextTimer - now))
  }

  private func runTimers() {
    while let action = timers.popDue(now) { perform(action) }
    nextTimer = timers.wait(from: now).map { now + $0 } ?? .max
  }

  private func dispatch(_ index: Int) {
    guard let event = poller.event(at: index) else { return }
    let slot = slots[Int(event.descriptor)]
    // The descriptor may have been closed, and handed out again, since the kernel reported it.
    guard slot.generation == event.generation, let ready = slot.watch?.onReady else { return }
    ready(event.readiness)
  }

  private func perform(_ action: TimerAction) {
    switch action {
    case .watch(let watch): watch.fired(on: self)
    case .call(let body): body()
    case .resume(let continuation): continuation.resume()
    }
  }

  private func takeInbox() {
    guard inbox.awake() else { return }
    inbox.take(into: &received)
    var items: [Inbox.Item] = []
    swap(&items, &received)
    for item in items {
      switch item {
      case .job(let job): append(job)
      case .call(let body): body(self)
      }
    }
    items.removeAll(keepingCapacity: true)
    swap(&items, &received)
  }

  /// Runs what is queued and what that queues, for a few rounds: jobs must not starve the descriptors.
  private func runJobs() {
    guard hasJobs else { return }
    for _ in 0..<8 where hasJobs {
      hasJobs = false
      swap(&jobs, &running)
      var batch: [UnownedJob] = []
      swap(&batch, &running)
      for job in batch { job.runSynchronously(isolatedTo: unownedExecutor, taskExecutor: asUnownedTaskExecutor()) }
      batch.removeAll(keepingCapacity: true)
      swap(&batch, &running)
    }
  }

  /// Ends every wait, runs what that wakes, and closes the loop.
  private func finish() {
    for action in timers.removeAll() {
      if case .resume(let continuation) = action { continuation.resume() }
    }
    takeInbox()
    runJobs()
    for hook in endHooks { hook() }
    for hook in finishHooks { hook() }
    startHooks = []
    endHooks = []
    finishHooks = []
    attachments = [:]
    inbox.shut()
  }
}
