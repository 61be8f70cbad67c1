// A lock with a condition variable around one value: the only way threads share state in Signet.
//
// Why not `Synchronization.Mutex`: it cannot be waited on, and ThreadSanitizer does not see it. The value lives beside
// the pthread objects in memory which never moves, since both are undefined once copied.

import Glibc

/// A value which threads reach one at a time, and can wait on for a change.
///
/// `@unchecked Sendable`: the value is touched between `pthread_mutex_lock` and `unlock` only.
package final class Monitor<Value>: @unchecked Sendable {
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private let condition: UnsafeMutablePointer<pthread_cond_t>
  private var value: Value

  package init(_ value: sending Value) {
    self.value = value
    mutex = .allocate(capacity: 1)
    condition = .allocate(capacity: 1)
    unsafe pthread_mutex_init(mutex, nil)
    // CLOCK_MONOTONIC: a step of the wall clock must neither stretch nor cut a wait.
    var attributes = pthread_condattr_t()
    unsafe pthread_condattr_init(&attributes)
    unsafe pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
    unsafe pthread_cond_init(condition, &attributes)
    unsafe pthread_condattr_destroy(&attributes)
  }

  deinit {
    unsafe pthread_cond_destroy(condition)
    unsafe pthread_mutex_destroy(mutex)
    unsafe condition.deallocate()
    unsafe mutex.deallocate()
  }

  /// Runs `body` with the value, alone.
  package func withLock<Result, Failure: Error>(
    _ body: (inout Value) throws(Failure) -> sending Result
  ) throws(Failure) -> sending Result {
    unsafe pthread_mutex_lock(mutex)
    defer { unsafe pthread_mutex_unlock(mutex) }
    return try body(&value)
  }

  /// Waits until `body` returns something, which it is asked for now and after every signal.
  package func wait<Result>(until body: (inout Value) -> sending Result?) -> sending Result {
    unsafe pthread_mutex_lock(mutex)
    defer { unsafe pthread_mutex_unlock(mutex) }
    while true {
      if let result = body(&value) { return result }
      unsafe pthread_cond_wait(condition, mutex)
    }
  }

  /// Waits like `wait(until:)`, but for `milliseconds` at most; then nil.
  package func wait<Result>(milliseconds: Int, until body: (inout Value) -> sending Result?) -> sending Result? {
    var deadline = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &deadline)
    deadline.tv_sec += milliseconds / 1000
    deadline.tv_nsec += milliseconds % 1000 * 1_000_000
    if deadline.tv_nsec >= 1_000_000_000 {
      deadline.tv_sec += 1
      deadline.tv_nsec -= 1_000_000_000
    }
    unsafe pthread_mutex_lock(mutex)
    defer { unsafe pthread_mutex_unlock(mutex) }
    while true {
      if let result = body(&value) { return result }
      if unsafe pthread_cond_timedwait(condition, mutex, &deadline) == ETIMEDOUT { return body(&value) }
    }
  }

  /// Wakes one waiter.
  package func signal() { unsafe pthread_cond_signal(condition) }

  /// Wakes all waiters.
  package func broadcast() { unsafe pthread_cond_broadcast(condition) }
}
