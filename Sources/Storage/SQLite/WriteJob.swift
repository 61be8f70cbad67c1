// An operation on its way through the writer: its body, what became of it, and who waits for that.
//
// Waiters are resumed a loop at a time: those of a batch which wait on the same event loop are chained, and the first,
// once resumed there, resumes the rest on the loop's own thread. Each by itself cost the writer a lock, and often a
// system call that woke the loop for it alone: together a fifth of the writer's time.

import Synchronization

/// A queued operation, whatever it gives.
///
/// `@unchecked Sendable`: the queue's lock hands it to the writer's thread, and resuming its waiter hands it back, so one
/// thread touches it at a time.
class WriteJob: @unchecked Sendable {
  let queuedAt = monotonicMilliseconds()
  /// The event loop on which the waiter goes on, where it prefers one.
  let executor: UnownedTaskExecutor?
  /// Unsafe only in that nothing counts the resumptions, which costs an allocation: the queue makes exactly one.
  private var waiter: UnsafeContinuation<Void, Never>?
  /// The next waiter on the same loop.
  private var follower: WriteJob?
  /// Orders what became of the job, and its follower, before what the waiter does with them. So does the runtime; but when it
  /// resumes whoever doesn't wait yet, ThreadSanitizer isn't told (swiftlang/swift issue 57803). Two instructions.
  private let isHandedBack = Atomic<Bool>(false)

  fileprivate init() { executor = withUnsafeCurrentTask { $0?.unownedTaskExecutor } }

  /// Runs the body, and keeps what it gives.
  func perform(_ database: Database) throws(StoreError) {}

  /// Keeps an error as the outcome.
  func fail(_ error: StoreError) {}

  /// Hands the job to `enqueue`, and waits until it was resumed.
  fileprivate func wait(_ enqueue: (WriteJob) -> Void) async {
    await withUnsafeContinuation { continuation in
      waiter = continuation
      enqueue(self)
    }
    _ = isHandedBack.load(ordering: .acquiring)
    var next = follower
    follower = nil
    while let job = next {
      next = job.follower
      job.follower = nil
      job.resume()
    }
  }

  /// Lets the waiter go on.
  func resume() {
    isHandedBack.store(true, ordering: .releasing)
    waiter?.resume()
  }

  /// Lets `job` go on when this one does.
  func lead(_ job: WriteJob) { follower = job }
}

/// A queued operation.
///
/// `@unchecked Sendable`: as `WriteJob` is.
final class Write<Result: Sendable>: WriteJob, @unchecked Sendable {
  private let body: @Sendable (Database) throws(StoreError) -> Result
  private var outcome: Swift.Result<Result, StoreError> = .failure(.closed)

  init(_ body: @escaping @Sendable (Database) throws(StoreError) -> Result) { self.body = body }

  override func perform(_ database: Database) throws(StoreError) { outcome = .success(try body(database)) }

  override func fail(_ error: StoreError) { outcome = .failure(error) }

  /// Hands the job to `enqueue`; what became of it.
  func outcome(_ enqueue: (WriteJob) -> Void) async throws(StoreError) -> Result {
    await wait(enqueue)
    return try outcome.get()
  }
}

/// The waiters of one batch by event loop.
struct Waiters {
  private var chains: [(first: WriteJob, last: WriteJob)] = []

  /// Resumes all, each loop's in the order of their jobs.
  mutating func resume(_ jobs: ArraySlice<WriteJob>) {
    for job in jobs {
      if job.executor == nil {
        job.resume()
      } else if let index = chains.firstIndex(where: { $0.first.executor == job.executor }) {
        chains[index].last.lead(job)
        chains[index].last = job
      } else {
        chains.append((job, job))
      }
    }
    for chain in chains { chain.first.resume() }
    chains.removeAll(keepingCapacity: true)
  }
}
