// The loop as an executor: where the Swift runtime hands in jobs and asks which thread it is on.
//
// Serial, for its own actor; and a task executor, which tasks started on the loop should prefer: the runtime resumes a
// continuation on the task's executor first and hops to the actor then, so without the preference each resumption
// would pass through the runtime's own pool of threads, and wait whenever that is busy.

import Glibc
import Synchronization

extension EventLoop: SerialExecutor, TaskExecutor {
  /// The loop itself.
  package nonisolated var unownedExecutor: UnownedSerialExecutor { asUnownedSerialExecutor() }

  /// Queues a job: from the loop's own thread without a lock, from others through the inbox.
  package nonisolated func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    if isCurrent {
      assumeIsolated { $0.append(job) }
    } else {
      inbox.put(.job(job))
    }
  }

  /// Traps on any other thread.
  package nonisolated func checkIsolated() {
    precondition(isCurrent, "this code belongs on its event loop's thread")
  }

  /// Whether the calling thread is the loop's.
  package nonisolated func isIsolatingCurrentContext() -> Bool? { isCurrent }

  /// Whether the calling thread is the loop's.
  private nonisolated var isCurrent: Bool { thread.load(ordering: .relaxed) == UInt(pthread_self()) }
}
