// The bytes of a symmetric key or a shared secret, which wipe themselves. An array would be copied when it grows or is
// written to while shared, and each copy would have to be wiped by somebody; this is one allocation with one end.

import COpenSSL

/// Secret bytes of a fixed number, overwritten with zeros when their last owner lets go; safe from any thread.
///
/// `@unchecked Sendable`: they are written by `init` alone, before anybody else has them.
package final class SecretBytes: @unchecked Sendable, CustomStringConvertible, CustomReflectable {
  private let storage: UnsafeMutableRawBufferPointer

  package var count: Int { storage.count }
  package var description: String { "SecretBytes(\(count))" }
  package var customMirror: Mirror { Mirror(self, children: []) }

  /// `count` zeros, which `fill` overwrites.
  package init(
    count: Int, _ fill: (UnsafeMutableRawBufferPointer) throws(OpenSSLError) -> Void
  ) throws(OpenSSLError) {
    storage = .allocate(byteCount: count, alignment: 16)
    storage.initializeMemory(as: UInt8.self, repeating: 0)
    try fill(storage)
  }

  /// A copy of `bytes`, which stay the caller's to wipe.
  package init(copying bytes: UnsafeRawBufferPointer) {
    storage = .allocate(byteCount: bytes.count, alignment: 16)
    storage.copyMemory(from: bytes)
  }

  /// A copy of `bytes`, which stay the caller's to wipe.
  package convenience init(copying bytes: [UInt8]) {
    self.init(copying: bytes[...])
  }

  /// A copy of `bytes`, which stay the caller's to wipe.
  package convenience init(copying bytes: ArraySlice<UInt8>) {
    self.init(storage: .allocate(byteCount: bytes.count, alignment: 16))
    bytes.withUnsafeBytes { storage.copyMemory(from: $0) }
  }

  /// `count` fresh random bytes; traps if the generator fails.
  package convenience init(random count: Int) {
    self.init(storage: .allocate(byteCount: count, alignment: 16))
    Random.fill(storage)
  }

  private init(storage: UnsafeMutableRawBufferPointer) { self.storage = storage }

  deinit {
    wipe(storage)
    storage.deallocate()
  }

  /// Calls `body` with the bytes, which it must not keep.
  package func withBytes<Value, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Value
  ) throws(Failure) -> Value {
    defer { withExtendedLifetime(self) {} }
    return try body(UnsafeRawBufferPointer(storage))
  }

  /// `bytes` when `isGood`, else the same number of random ones: so that whoever sent a bad encrypted key learns
  /// neither from an error nor from the time that it was this which was bad (RFC 7516 11.5). Always the same steps; the
  /// random bytes are drawn by the caller before it is known whether they are wanted.
  init(_ bytes: UnsafeRawBufferPointer, if isGood: Bool, else random: SecretBytes) {
    precondition(bytes.count == random.count)
    storage = .allocate(byteCount: bytes.count, alignment: 16)
    let mask = UInt8(truncatingIfNeeded: -(isGood ? 1 : 0))
    for index in bytes.indices {
      storage[index] = bytes[index] & mask | random.storage[index] & ~mask
    }
  }
}
