// How many descriptors the process may have. The soft limit is low by custom, for programs that use select(2); this one
// doesn't, so it takes all that it may.

import Configuration
import Glibc

/// The limit on open descriptors.
enum DescriptorLimit {
  /// What a server needs besides its connections: the store, listeners, the loops' own.
  private static let others = 64

  /// Raises the soft limit to the hard one; the limit then in force.
  static func raise() -> Int {
    let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    var limit = rlimit()
    guard getrlimit(resource, &limit) == 0 else { return .max }
    var most = rlimit(rlim_cur: limit.rlim_max, rlim_max: limit.rlim_max)
    return Int(clamping: setrlimit(resource, &most) == 0 ? most.rlim_cur : limit.rlim_cur)
  }

  /// A line for the log when `limit` is less than the connections need.
  static func warning(_ limit: Int, _ settings: Settings.Limits) -> String? {
    let need = settings.connections + others
    guard limit < need else { return nil }
    return "the limit of open files is \(limit), but limits.connections (\(settings.connections)) needs \(need); "
      + "raise it (LimitNOFILE in systemd, ulimit -Hn) or lower limits.connections"
  }
}
