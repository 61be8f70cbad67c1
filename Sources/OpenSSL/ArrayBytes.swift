// The bytes of an array for C, in closures that throw one type of error: `withUnsafeBytes` forgets which.

extension Array<UInt8> {
  /// Calls `body` with the bytes, which it must not keep.
  package func withBytes<Value, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Value
  ) throws(Failure) -> Value {
    try withUnsafeBufferPointer { buffer throws(Failure) in try body(UnsafeRawBufferPointer(buffer)) }
  }

  /// Calls `body` with the bytes to be changed, whose address it must not keep.
  package mutating func withMutableBytes<Value, Failure: Error>(
    _ body: (UnsafeMutableRawBufferPointer) throws(Failure) -> Value
  ) throws(Failure) -> Value {
    try withUnsafeMutableBufferPointer { buffer throws(Failure) in try body(UnsafeMutableRawBufferPointer(buffer)) }
  }
}
