// One descriptor watched by a loop, with its one timer.
//
// Two closures instead of a protocol: a class of another module can't be subclassed under `package` access, and an
// existential on the hot path costs more than a closure. `stop` drops them, which breaks the cycle between a
// connection and its watch. They are formed on the loop, whose isolation they inherit; an isolated parameter would make
// the compiler take each for a crossing. Confined to its loop.

/// A descriptor's registration with an event loop. Its owner closes the descriptor, after `stop`.
package final class Watch {
  /// The watched descriptor.
  package let descriptor: Int32
  let generation: UInt32
  /// What the descriptor is watched for now.
  package var interest: Readiness { wanted }
  /// Not seen by other modules, so that no use of it is checked at run time.
  private var wanted: Readiness
  var onReady: ((Readiness) -> Void)?
  var onExpiry: (() -> Void)?

  /// Milliseconds on the loop's clock at which `onExpiry` is wanted; nil for never.
  private var deadline: Int?
  private var timer: TimerID?
  private var armedFor = 0

  init(descriptor: Int32, generation: UInt32, interest: Readiness) {
    self.descriptor = descriptor
    self.generation = generation
    wanted = interest
  }

  /// Changes what the descriptor is watched for; costs a system call only when it differs.
  package func want(_ readiness: Readiness, on loop: isolated EventLoop) {
    guard readiness != wanted, onReady != nil else { return }
    wanted = readiness
    loop.poller.change(descriptor, generation: generation, for: readiness)
  }

  /// Sets or clears the deadline. Putting it off costs nothing: the timer fires early and is set again.
  package func setDeadline(_ due: Int?, on loop: isolated EventLoop) {
    deadline = due
    guard let due, onExpiry != nil else { return }
    if let timer {
      guard due < armedFor else { return }
      loop.cancel(timer)
    }
    armedFor = due
    timer = loop.schedule(.watch(self), at: due)
  }

  /// Ends the watch: no closure of it runs any more.
  package func stop(on loop: isolated EventLoop) {
    guard onReady != nil else { return }
    if let timer { loop.cancel(timer) }
    timer = nil
    onReady = nil
    onExpiry = nil
    loop.forget(self)
  }

  func fired(on loop: isolated EventLoop) {
    timer = nil
    guard let deadline else { return }
    guard deadline <= loop.now else { return setDeadline(deadline, on: loop) }
    self.deadline = nil
    onExpiry?()
  }
}
