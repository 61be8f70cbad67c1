// The fields of one request, as ranges into its bytes.
//
// Why not an array: with memory of its own, as a buffer has, none of its uses is checked for exclusive access, and emptying it
// costs nothing; an array's growth, emptying and reading took 550 instructions a request. Confined to its loop.

final class FieldList {
  private var base: UnsafeMutablePointer<RequestParser.Field>
  private var capacity = 16
  private(set) var count = 0

  init() { base = .allocate(capacity: capacity) }

  deinit { base.deallocate() }

  /// The fields, valid until the next change.
  var all: UnsafeBufferPointer<RequestParser.Field> { UnsafeBufferPointer(start: base, count: count) }

  func append(_ field: RequestParser.Field) {
    if count == capacity { grow() }
    (base + count).initialize(to: field)
    count += 1
  }

  func clear() { count = 0 }

  private func grow() {
    let larger = UnsafeMutablePointer<RequestParser.Field>.allocate(capacity: 2 * capacity)
    larger.initialize(from: base, count: count)
    base.deallocate()
    base = larger
    capacity *= 2
  }
}
