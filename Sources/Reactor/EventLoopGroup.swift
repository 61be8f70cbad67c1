// The loops of the process with their threads. Immutable, so any thread may use it.

import Glibc
import Synchronization
import Threads

/// The process's event loops.
package final class EventLoopGroup: Sendable {
  /// The loops, at least one.
  package let loops: [EventLoop]
  private let threads: [Thread]

  /// Starts `count` loops, at least one, each on a thread of its own.
  package init(count: Int) {
    // A peer that is gone is an error of `write`, not a signal.
    signal(SIGPIPE, SIG_IGN)
    let loops = (0..<max(1, count)).map { _ in EventLoop() }
    self.loops = loops
    threads = loops.enumerated().map { index, loop in Thread(name: "loop \(index)") { loop.run() } }
  }

  /// The loop with the fewest connections.
  package var leastLoaded: EventLoop {
    var best = loops[0]
    var least = best.load.load(ordering: .relaxed)
    for loop in loops.dropFirst() {
      let load = loop.load.load(ordering: .relaxed)
      if load < least { (best, least) = (loop, load) }
    }
    return best
  }

  /// How many connections live on all loops.
  package var load: Int { loops.reduce(0) { $0 + $1.load.load(ordering: .relaxed) } }

  /// Tells every loop to end after its current tick; what waits on `sleep` is resumed.
  package func stop() {
    for loop in loops { loop.submit { $0.requestStop() } }
  }

  /// Waits until every loop has ended. Call it once, after `stop`, from a thread which is no loop's.
  package func join() {
    for thread in threads { thread.join() }
  }
}
