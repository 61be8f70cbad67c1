// Signals as values: one thread waits for them, nobody is interrupted.

import Glibc
import Threads

/// What an operator tells a running server.
enum ServerSignal: Sendable {
  /// SIGTERM, SIGINT: finish and end.
  case stop
  /// SIGHUP: read the configuration again.
  case reload
}

/// The signals a server heeds.
enum Signals {
  /// Keeps them from every thread; call it before there is a second one.
  static func block() {
    var set = heeded
    pthread_sigmask(SIG_BLOCK, &set, nil)
  }

  /// The signals as they come, for ever.
  static func stream() -> AsyncStream<ServerSignal> {
    AsyncStream { continuation in
      _ = Thread(name: "signet-control") {
        var set = heeded
        var signal: Int32 = 0
        while sigwait(&set, &signal) == 0 { continuation.yield(signal == SIGHUP ? .reload : .stop) }
      }
    }
  }

  private static var heeded: sigset_t {
    var set = sigset_t()
    sigemptyset(&set)
    for signal in [SIGTERM, SIGINT, SIGHUP] { sigaddset(&set, signal) }
    return set
  }
}
