// hiredis, opened when first needed and never closed.

import CRedis

/// The library's functions.
///
/// `@unchecked Sendable`: the table is filled before anybody gets it and never changes.
final class RedisLibrary: @unchecked Sendable {
  let functions: UnsafePointer<signet_redis>

  /// The one that the process has, or why it has none; found out once.
  static let shared = Result { () throws(RedisFailure) in try RedisLibrary() }

  private init() throws(RedisFailure) {
    let table = UnsafeMutablePointer<signet_redis>.allocate(capacity: 1)
    table.initialize(to: signet_redis())
    if let reason = signet_redis_open(table) {
      defer { table.deallocate() }
      throw RedisFailure("hiredis can't be opened: \(String(cString: reason)); install it (Debian: libhiredis0.14)")
    }
    functions = UnsafePointer(table)
  }
}

/// Why Redis didn't do what it was asked; one line, without any credential.
package struct RedisFailure: Error, Sendable, Equatable, CustomStringConvertible {
  package let description: String

  package init(_ description: String) { self.description = description }
}
