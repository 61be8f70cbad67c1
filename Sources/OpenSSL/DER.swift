// OpenSSL's `i2d` and `d2i` functions, which walk a pointer through bytes, for arrays.

/// Runs one of OpenSSL's `i2d` functions twice: for the size, then into an array of that size.
func encodeDER(
  _ call: String, _ write: (UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?) -> Int32
) throws(OpenSSLError) -> [UInt8] {
  let size = write(nil)
  guard size > 0 else { throw OpenSSLError(call) }
  var written: Int32 = 0
  let bytes = [UInt8](unsafeUninitializedCapacity: Int(size)) { buffer, used in
    var cursor = buffer.baseAddress
    written = write(&cursor)
    used = max(0, Int(written))
  }
  guard written == size else { throw OpenSSLError(call) }
  return bytes
}

/// Runs one of OpenSSL's `d2i` functions over all of the bytes; `free` is told of an object that left some over.
func decodeDER(
  _ bytes: [UInt8], _ call: String, free: (OpaquePointer) -> Void,
  _ read: (UnsafeMutablePointer<UnsafePointer<UInt8>?>, Int) -> OpaquePointer?
) throws(OpenSSLError) -> OpaquePointer {
  let (object, used) = bytes.withUnsafeBufferPointer { buffer in
    var cursor = buffer.baseAddress
    let object = read(&cursor, buffer.count)
    return (object, cursor.map { $0 - (buffer.baseAddress ?? $0) } ?? 0)
  }
  let result = try OpenSSLError.unwrap(object, call)
  guard used == bytes.count else {
    free(result)
    throw OpenSSLError(call: call, reason: "trailing bytes")
  }
  return result
}
