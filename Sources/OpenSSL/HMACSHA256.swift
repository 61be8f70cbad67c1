// HMAC-SHA256 with one key: keyed once, then reset for each tag, which skips two of the four compressions a short
// message needs and allocates nothing. One thread owns it (it is not Sendable).

import COpenSSL

/// A keyed HMAC-SHA256 of one thread.
package final class HMACSHA256 {
  /// The bytes of a whole tag.
  package static let tagSize = 32
  private let context: OpaquePointer

  /// Takes a key, of 32 bytes by preference; keeps only what OpenSSL derives from it.
  package init(key: [UInt8]) throws(OpenSSLError) {
    precondition(!key.isEmpty, "an empty key means 'the one before' to OpenSSL")
    context = try OpenSSLError.unwrap(EVP_MAC_CTX_new(Algorithms.hmac.pointer), "EVP_MAC_CTX_new")
    let result = withDigestParameter { EVP_MAC_init(context, key, key.count, $0) }
    try OpenSSLError.check(result, "EVP_MAC_init")
  }

  deinit { EVP_MAC_CTX_free(context) }

  /// Writes the tag of `message` into `output`, 32 bytes.
  package func tag(_ message: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) {
    precondition(output.count == Self.tagSize)
    var size = 0
    let isDone =
      EVP_MAC_init(context, nil, 0, nil) == 1
      && EVP_MAC_update(context, message.baseAddress?.assumingMemoryBound(to: UInt8.self), message.count) == 1
      && EVP_MAC_final(context, output.baseAddress?.assumingMemoryBound(to: UInt8.self), &size, output.count) == 1
    // A context that was keyed does not fail; going on without a tag would be worse than stopping.
    precondition(isDone && size == Self.tagSize, "EVP_MAC failed")
  }

  /// The tag of `message`, 32 bytes.
  package func tag(_ message: [UInt8]) -> [UInt8] {
    message.withUnsafeBytes { message in
      [UInt8](unsafeUninitializedCapacity: Self.tagSize) { buffer, used in
        tag(message, into: UnsafeMutableRawBufferPointer(start: buffer.baseAddress, count: Self.tagSize))
        used = Self.tagSize
      }
    }
  }

  /// Whether `expected`, cut to at least 16 bytes, is the tag of `message`; takes the same time wherever it differs.
  package func isTag(_ expected: UnsafeRawBufferPointer, of message: UnsafeRawBufferPointer) -> Bool {
    guard (16...Self.tagSize).contains(expected.count) else { return false }
    return withUnsafeTemporaryAllocation(byteCount: Self.tagSize, alignment: 1) { computed in
      tag(message, into: computed)
      return constantTimeEqual(UnsafeRawBufferPointer(rebasing: computed[..<expected.count]), expected)
    }
  }
}

/// Runs `body` with OpenSSL's way of saying "with SHA-256".
private func withDigestParameter<Result>(_ body: (UnsafePointer<OSSL_PARAM>) -> Result) -> Result {
  var name = Array("SHA256".utf8CString)
  return name.withUnsafeMutableBufferPointer { name in
    var parameters = [
      OSSL_PARAM_construct_utf8_string(ParameterName.digest.pointer, name.baseAddress, 0), OSSL_PARAM_construct_end(),
    ]
    return parameters.withUnsafeMutableBufferPointer { parameters in
      guard let start = parameters.baseAddress else { preconditionFailure("an array of two has a start") }
      return body(start)
    }
  }
}
