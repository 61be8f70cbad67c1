// Sockets which a supervisor bound and handed over: systemd's protocol (sd_listen_fds(3)), descriptors from 3 on.
//
// Taken once, at the start, while there is one thread: variables are read and unset, since a child process would take
// them for its own. Variables that name another process are none of ours, which is not an error.

import Glibc

/// Socket activation.
package enum InheritedSockets {
  /// The first descriptor (SD_LISTEN_FDS_START).
  private static let first: Int32 = 3
  /// No supervisor hands over more than this; a greater number is a mistake.
  private static let limit = 1024

  /// The sockets that were handed over to this process, in their order; none without a supervisor.
  package static func take() throws(ListenError) -> [ListeningSocket] {
    let (pid, count) = (variable("LISTEN_PID"), variable("LISTEN_FDS"))
    for name in ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "LISTEN_PIDFDID"] { unsetenv(name) }
    return try sockets(first, try number(pid: pid, count: count, own: getpid()))
  }

  /// How many descriptors are handed over to process `own`.
  static func number(pid: String?, count: String?, own: Int32) throws(ListenError) -> Int32 {
    guard let pid, let count else { return 0 }
    guard let process = Int32(pid), process > 0 else { throw .badVariable("LISTEN_PID", pid) }
    guard let number = Int32(count), (0...Int32(limit)).contains(number) else {
      throw .badVariable("LISTEN_FDS", count)
    }
    return process == own ? number : 0
  }

  /// The sockets at `count` descriptors from `first` on.
  static func sockets(_ first: Int32, _ count: Int32) throws(ListenError) -> [ListeningSocket] {
    var sockets: [ListeningSocket] = []
    for descriptor in first..<(first + count) { sockets.append(try ListeningSocket(inherited: descriptor)) }
    return sockets
  }

  private static func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
}
