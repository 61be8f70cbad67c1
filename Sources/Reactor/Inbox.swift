// What other threads hand to a loop: jobs of the Swift runtime and closures.
//
// The eventfd is written only when the loop sleeps, and under the lock, so that nobody writes to a descriptor which
// the loop has closed meanwhile. The loop's own thread never comes here to enqueue.

import Threads

final class Inbox: Sendable {
  enum Item: Sendable {
    case job(UnownedJob)
    case call(@Sendable (isolated EventLoop) -> Void)
  }

  private struct State {
    var items: [Item] = []
    var sleeping = false
    var closed = false
  }

  private let state = Monitor(State())
  private let waker: Waker

  init(waker: Waker) { self.waker = waker }

  /// Adds an item and wakes the loop if it sleeps; false when the loop has stopped, and the item is lost.
  @discardableResult
  func put(_ item: Item) -> Bool {
    state.withLock { state in
      guard !state.closed else { return false }
      state.items.append(item)
      if state.sleeping {
        state.sleeping = false
        waker.wake()
      }
      return true
    }
  }

  /// Whether the loop may sleep: true promises a wake-up for whatever comes in from now on.
  func prepareToSleep() -> Bool {
    state.withLock { state in
      state.sleeping = state.items.isEmpty
      return state.sleeping
    }
  }

  /// Moves all items to `items`, which must be empty; its storage is used for those to come.
  func take(into items: inout [Item]) {
    state.withLock { state in
      state.sleeping = false
      if !state.items.isEmpty { swap(&state.items, &items) }
    }
  }

  /// Refuses items from now on and closes the eventfd.
  func shut() {
    state.withLock { state in
      state.closed = true
      state.sleeping = false
      waker.shut()
    }
  }
}
