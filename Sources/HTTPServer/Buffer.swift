// A growable run of bytes, written at its end and consumed at its front: what a connection reads into and writes from.
//
// Why not an array: the kernel writes into its free space, and a request's ranges must hold while it is answered
// without a copy or a reference count. Confined to its loop.

import Glibc

final class Buffer {
  private var base: UnsafeMutableRawPointer
  private var capacity: Int
  private var start = 0
  private var end = 0

  private static let initial = 2 << 10
  /// What a buffer in the pool may hold on to.
  private static let kept = 8 << 10

  init() {
    capacity = Self.initial
    base = .allocate(byteCount: capacity, alignment: 16)
  }

  deinit { base.deallocate() }

  var count: Int { end - start }
  var isEmpty: Bool { end == start }

  /// The bytes, valid until the next change.
  var bytes: UnsafeMutableRawBufferPointer { UnsafeMutableRawBufferPointer(start: base + start, count: end - start) }

  /// At least `size` free bytes behind the others; `commit` says how many were filled.
  func free(_ size: Int) -> UnsafeMutableRawBufferPointer {
    if capacity - end < size { makeRoom(size) }
    return UnsafeMutableRawBufferPointer(start: base + end, count: capacity - end)
  }

  func commit(_ size: Int) { end += size }

  /// Drops bytes at the front.
  func consume(_ size: Int) {
    start += size
    if start == end { clear() }
  }

  /// Removes bytes in the middle.
  func remove(from first: Int, to last: Int) {
    memmove(base + start + first, base + start + last, count - last)
    end -= last - first
  }

  func clear() {
    start = 0
    end = 0
  }

  /// Empties the buffer and gives back what an unusual request made it grow to.
  func shrink() {
    clear()
    guard capacity > Self.kept else { return }
    base.deallocate()
    capacity = Self.initial
    base = .allocate(byteCount: capacity, alignment: 16)
  }

  private func makeRoom(_ size: Int) {
    let count = self.count
    if capacity - count >= size {
      memmove(base, base + start, count)
    } else {
      while capacity - count < size { capacity *= 2 }
      let larger = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
      memcpy(larger, base + start, count)
      base.deallocate()
      base = larger
    }
    start = 0
    end = count
  }
}

// Writing text.
extension Buffer {
  @inline(__always)
  func append(_ bytes: UnsafeRawBufferPointer) {
    guard let source = bytes.baseAddress, bytes.count > 0 else { return }
    if capacity - end < bytes.count { makeRoom(bytes.count) }
    memcpy(base + end, source, bytes.count)
    end += bytes.count
  }

  @inline(__always)
  func append(_ text: StaticString) {
    append(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  func append(_ bytes: [UInt8]) { bytes.withUnsafeBytes { append($0) } }

  func append(_ text: String) {
    var text = text
    text.withUTF8 { append(UnsafeRawBufferPointer($0)) }
  }

  /// Appends a number, 0 or above, in decimal.
  func append(decimal number: Int) {
    withUnsafeTemporaryAllocation(byteCount: 20, alignment: 1) { digits in
      var rest = number
      var index = 20
      repeat {
        index -= 1
        digits[index] = UInt8(0x30 + rest % 10)
        rest /= 10
      } while rest > 0
      append(UnsafeRawBufferPointer(rebasing: digits[index...]))
    }
  }
}
