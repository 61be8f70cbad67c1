// Random bytes from OpenSSL's generator, which the kernel seeds. Without randomness nothing may go on, so failure traps.

import COpenSSL

/// The random generator; safe from any thread.
package enum Random {
  /// `count` fresh random bytes; traps if the generator fails.
  package static func bytes(_ count: Int) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: count) { buffer, used in
      fill(UnsafeMutableRawBufferPointer(buffer))
      used = count
    }
  }

  /// Fills the buffer with random bytes; traps if the generator fails.
  package static func fill(_ buffer: UnsafeMutableRawBufferPointer) {
    guard let start = buffer.baseAddress, !buffer.isEmpty else { return }
    let result = RAND_bytes(start.assumingMemoryBound(to: UInt8.self), Int32(buffer.count))
    precondition(result == 1, "RAND_bytes failed")
  }
}
