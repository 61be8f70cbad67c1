// An executor with a thread of its own: for an actor whose work blocks, so that none of the runtime's few threads does.

/// A serial executor on one thread, which lasts as long as the process.
package final class ThreadExecutor: SerialExecutor {
  private let jobs = Monitor<[UnownedJob]>([])

  /// Starts the thread.
  package init(name: String) {
    _ = Thread.detach(name: name) { [self] in
      while true {
        let batch = jobs.wait { jobs -> [UnownedJob]? in
          guard !jobs.isEmpty else { return nil }
          defer { jobs.removeAll(keepingCapacity: true) }
          return jobs
        }
        for job in batch { unsafe job.runSynchronously(on: self.asUnownedSerialExecutor()) }
      }
    }
  }

  /// Queues a job.
  package func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    jobs.withLock { $0.append(job) }
    jobs.signal()
  }
}
