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
