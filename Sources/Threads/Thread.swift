// A named operating-system thread which can be joined, optionally at a lower priority.

import Glibc

/// A running thread.
package struct Thread: Sendable {
  private let handle: pthread_t

  /// Starts a thread.
  /// - Parameters:
  ///   - name: at most 15 bytes, shown by `top -H`.
  ///   - niceness: 0 is the process's own priority, 19 the lowest.
  ///   - signals: whether signals may be delivered to it; only the control thread takes any.
  package init(name: String, niceness: Int32 = 0, signals: Bool = false, _ body: @escaping @Sendable () -> Void) {
    let start = Start(name: name, niceness: niceness, signals: signals, body: body)
    guard let handle = Self.begin(start) else {
      // Such threads are made at start only: without them there is no program.
      preconditionFailure("pthread_create")
    }
    self.handle = handle
  }

  /// Nil when the system has no thread left.
  private static func begin(_ start: Start) -> pthread_t? {
    let start = Unmanaged.passRetained(start)
    var handle = pthread_t()
    let result = unsafe pthread_create(
      &handle, nil,
      { argument in
        if let argument { unsafe Unmanaged<Start>.fromOpaque(argument).takeRetainedValue().run() }
        return nil
      }, start.toOpaque())
    if result == 0 { return handle }
    start.release()
    return nil
  }

  /// Runs `body` on a thread of its own for which nobody waits, with every signal blocked.
  /// - Returns: false when the system has no thread left; then nothing is run.
  package static func detach(name: String, _ body: @escaping @Sendable () -> Void) -> Bool {
    let start = Start(name: name, niceness: 0, signals: false, body: body)
    guard let handle = begin(start) else { return false }
    pthread_detach(handle)
    return true
  }

  /// Waits until the thread's body has returned. Call it once.
  package func join() { pthread_join(handle, nil) }
}

private final class Start {
  let name: String
  let niceness: Int32
  let signals: Bool
  let body: @Sendable () -> Void

  init(name: String, niceness: Int32, signals: Bool, body: @escaping @Sendable () -> Void) {
    self.name = name
    self.niceness = niceness
    self.signals = signals
    self.body = body
  }

  func run() {
    setName()
    if !signals {
      var all = sigset_t()
      unsafe sigfillset(&all)
      unsafe pthread_sigmask(SIG_BLOCK, &all, nil)
    }
    // On Linux the priority of "process 0" is the calling thread's own.
    if niceness != 0 { setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, niceness) }
    body()
  }

  /// Through /proc, since Swift's Glibc module lacks `pthread_setname_np`; a name that can't be set is no loss.
  private func setName() {
    let file = unsafe open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
    guard file >= 0 else { return }
    let bytes = Array(name.utf8.prefix(15))
    _ = unsafe write(file, bytes, bytes.count)
    close(file)
  }
}
