// Compression by zlib (RFC 1950), opened when first needed and never closed.

import CZlib

/// The library's functions.
package struct Zlib: Sendable {
  private let functions: signet_zlib

  /// The one that the process has, or why it has none; found out once.
  package static let shared = Result { () throws(ZlibError) in try Zlib() }

  private init() throws(ZlibError) {
    var functions = signet_zlib()
    if let reason = signet_zlib_open(&functions) {
      throw ZlibError("zlib can't be opened: \(String(cString: reason)); install it (Debian: zlib1g)")
    }
    self.functions = functions
  }

  /// The bytes in the ZLIB data format, as small as it gets them.
  package func compress(_ bytes: [UInt8]) throws(ZlibError) -> [UInt8] {
    var size = functions.bound(UInt(bytes.count))
    var output = [UInt8](repeating: 0, count: Int(size))
    let status = functions.compress(&output, &size, bytes, UInt(bytes.count), 9)
    guard status == 0 else { throw ZlibError("zlib fails with \(status)") }
    output.removeLast(output.count - Int(size))
    return output
  }
}

/// Why nothing was compressed.
package struct ZlibError: Error, Sendable, CustomStringConvertible {
  package let description: String

  init(_ description: String) { self.description = description }
}
