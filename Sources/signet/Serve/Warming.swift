// OpenSSL getting ready on a thread of its own while a server's start reads arguments, settings and the store: 5 ms of
// work, without which its first key waited.

import OpenSSL
import Threads

enum Warming {
  private static let isUnderWay = Monitor(false)

  static func begin() {
    isUnderWay.withLock { $0 = true }
    let begun = Thread.detach(name: "signet-crypto") {
      Rehearsal.run()
      end()
    }
    if !begun { end() }
  }

  /// Returns at once where it wasn't begun. Called before what OpenSSL's start can't bear beside it: a change of the
  /// environment, which it reads, and the end of the process.
  static func finish() { isUnderWay.wait { $0 ? nil : () } }

  private static func end() {
    isUnderWay.withLock { $0 = false }
    isUnderWay.broadcast()
  }
}
