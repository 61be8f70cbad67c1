// Small files read and written whole: a call that was interrupted or did a part is gone on with.
//
// On a network file system, or with a signal at the wrong moment, one `read` or `write` needn't do all that was asked.

import Glibc

/// Reads and writes all bytes of a small file; errors are `errno`'s.
package enum WholeTransfer {
  /// Reads to the end, or until there are `limit` bytes; nil when it fails.
  static func read(_ descriptor: Int32, limit: Int) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: limit)
    var done = 0
    while done < limit {
      let count = bytes.withUnsafeMutableBytes {
        Glibc.read(descriptor, $0.baseAddress?.advanced(by: done), limit - done)
      }
      if count > 0 { done += count } else if count == 0 { break } else if errno != EINTR { return nil }
    }
    return Array(bytes[..<done])
  }

  /// Writes all bytes at the descriptor's place; false when it fails.
  package static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress?.advanced(by: done), $0.count - done) }
      if count >= 0 { done += count } else if errno != EINTR { return false }
    }
    return true
  }
}
