// Comparing and wiping secrets: what an optimiser must neither shorten nor drop, so OpenSSL's own.

import COpenSSL

/// Whether both hold the same bytes; takes the same time wherever they differ. Lengths are not secret.
package func constantTimeEqual(_ one: UnsafeRawBufferPointer, _ other: UnsafeRawBufferPointer) -> Bool {
  guard one.count == other.count else { return false }
  guard let first = one.baseAddress, let second = other.baseAddress else { return true }
  return CRYPTO_memcmp(first, second, one.count) == 0
}

/// Whether both hold the same bytes; takes the same time wherever they differ. Lengths are not secret.
package func constantTimeEqual(_ one: [UInt8], _ other: [UInt8]) -> Bool {
  one.withUnsafeBytes { one in other.withUnsafeBytes { constantTimeEqual(one, $0) } }
}

/// Whether both hold the same bytes; takes the same time wherever they differ. Lengths are not secret.
package func constantTimeEqual(_ one: SecretBytes, _ other: SecretBytes) -> Bool {
  one.withBytes { one in other.withBytes { constantTimeEqual(one, $0) } }
}

/// Overwrites the bytes with zeros and empties the array. Copies made before, also by the array's growth, remain.
package func wipe(_ bytes: inout [UInt8]) {
  bytes.withUnsafeMutableBytes { wipe($0) }
  bytes = []
}

/// Overwrites the buffer with zeros.
package func wipe(_ buffer: UnsafeMutableRawBufferPointer) {
  OPENSSL_cleanse(buffer.baseAddress, buffer.count)
}

/// Private bytes that are kept: not copied about, and wiped when they are let go of. They have no description.
///
/// `@unchecked Sendable`: the memory is written before anyone else has it, and then only read.
package final class SecretBytes: @unchecked Sendable, CustomStringConvertible, CustomReflectable {
  private let buffer: UnsafeMutableRawBufferPointer

  /// Copies the bytes, and wipes those given.
  package init(_ bytes: inout [UInt8]) {
    buffer = .allocate(byteCount: bytes.count, alignment: 1)
    buffer.copyBytes(from: bytes)
    wipe(&bytes)
  }

  deinit {
    wipe(buffer)
    buffer.deallocate()
  }

  package var count: Int { buffer.count }
  package var description: String { "SecretBytes" }
  package var customMirror: Mirror { Mirror(self, children: []) }

  /// Calls `body` with a copy, which is wiped afterwards unless `body` keeps it.
  package func withCopy<Value, Failure: Error>(_ body: ([UInt8]) throws(Failure) -> Value) throws(Failure) -> Value {
    var copy = Array(buffer)
    defer { wipe(&copy) }
    return try body(copy)
  }
}
