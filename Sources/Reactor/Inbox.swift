// What other threads hand to a loop: jobs of the Swift runtime and closures.
//
// The eventfd is written only when the loop sleeps, and under the lock, so that nobody writes to a descriptor which
// the loop has closed meanwhile. The loop's own thread never comes here to enqueue, and takes the lock only when there is
// something: two flags tell it, each written before the other is read, so one of both sides always sees the other.

import Synchronization
import Threads

final class Inbox: Sendable {
  enum Item: Sendable {
    case job(UnownedJob)
    case call(@Sendable (isolated EventLoop) -> Void)
  }

  private struct State {
    var items: [Item] = []
    var closed = false
  }

  private let state = Monitor(State())
  private let waker: Waker
  private let hasItems = Atomic<Bool>(false)
  private let sleeping = Atomic<Bool>(false)

  init(waker: Waker) { self.waker = waker }

  /// Adds an item and wakes the loop if it sleeps; false when the loop has stopped, and the item is lost.
  @discardableResult
  func put(_ item: Item) -> Bool {
    state.withLock { state in
      guard !state.closed else { return false }
      state.items.append(item)
      hasItems.store(true, ordering: .sequentiallyConsistent)
      if sleeping.exchange(false, ordering: .sequentiallyConsistent) { waker.wake() }
      return true
    }
  }

  /// Whether the loop may sleep: true promises a wake-up for whatever comes in from now on.
  func prepareToSleep() -> Bool {
    sleeping.store(true, ordering: .sequentiallyConsistent)
    return !hasItems.load(ordering: .sequentiallyConsistent)
  }

  /// Whether there are items, now that the loop is awake. Who took it for asleep before wakes it once for nothing.
  func awake() -> Bool {
    sleeping.store(false, ordering: .relaxed)
    return hasItems.load(ordering: .relaxed)
  }

  /// Moves all items to `items`, which must be empty; its storage is used for those to come.
  func take(into items: inout [Item]) {
    state.withLock { state in
      hasItems.store(false, ordering: .relaxed)
      swap(&state.items, &items)
    }
  }

  /// Refuses items from now on and closes the eventfd.
  func shut() {
    state.withLock { state in
      state.closed = true
      waker.shut()
    }
  }
}
