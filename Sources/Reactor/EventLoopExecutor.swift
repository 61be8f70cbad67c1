// The loop as a serial executor: where the Swift runtime hands in jobs and asks which thread it is on.

import Glibc
import Synchronization

extension EventLoop: SerialExecutor {
  package nonisolated var unownedExecutor: UnownedSerialExecutor { asUnownedSerialExecutor() }

  /// Queues a job: from the loop's own thread without a lock, from others through the inbox.
  package nonisolated func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    if isCurrent {
      assumeIsolated { $0.jobs.append(job) }
    } else {
      inbox.put(.job(job))
    }
  }

  package nonisolated func checkIsolated() {
    precondition(isCurrent, "this code belongs on its event loop's thread")
  }

  package nonisolated func isIsolatingCurrentContext() -> Bool? { isCurrent }

  /// Whether the calling thread is the loop's.
  private nonisolated var isCurrent: Bool { thread.load(ordering: .relaxed) == UInt(pthread_self()) }
}
