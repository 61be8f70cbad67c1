// Argon2id, computed by whichever library is right for it. libsodium chooses its vector instructions at run time and is
// the faster one, but takes one lane and 16 bytes of salt only; libargon2 computes the rest. Both give the same tags.
//
// Nothing here keeps state; both libraries may be called by any number of threads.

import CArgon2
import CSodium

enum Argon2 {
  /// Must have run before anything else here; the first call chooses the instructions and opens the random source.
  static func start() { precondition(sodium_init() >= 0, "libsodium finds no random source") }

  /// The tag of `password`, or nil when there is not enough memory: the one failure that checked parameters leave.
  static func tag(
    _ password: UnsafeRawBufferPointer, salt: [UInt8], parameters: Argon2Parameters, count: Int
  ) -> [UInt8]? {
    parameters.parallelism == 1 && salt.count == Int(crypto_pwhash_argon2id_SALTBYTES)
      ? sodiumTag(password, salt: salt, parameters: parameters, count: count)
      : referenceTag(password, salt: salt, parameters: parameters, count: count)
  }

  /// By libsodium: one lane, 16 bytes of salt, at least 16 of tag.
  static func sodiumTag(
    _ password: UnsafeRawBufferPointer, salt: [UInt8], parameters: Argon2Parameters, count: Int
  ) -> [UInt8]? {
    var tag = [UInt8](repeating: 0, count: count)
    let result = signet_sodium_argon2id(
      &tag, count, password.baseAddress, password.count, salt, parameters.iterations, parameters.memoryKiB << 10)
    return result == 0 ? tag : nil
  }

  /// By libargon2, whose context also takes what RFC 9106's test vector needs: a secret and associated data.
  static func referenceTag(
    _ password: UnsafeRawBufferPointer, salt: [UInt8], parameters: Argon2Parameters, count: Int,
    secret: [UInt8] = [], associatedData: [UInt8] = []
  ) -> [UInt8]? {
    var tag = [UInt8](repeating: 0, count: count)
    let result = signet_argon2id(
      &tag, UInt32(count), password.baseAddress, UInt32(password.count), salt, UInt32(salt.count), secret,
      UInt32(secret.count), associatedData, UInt32(associatedData.count), UInt32(parameters.iterations),
      UInt32(parameters.memoryKiB), UInt32(parameters.parallelism))
    return result == ARGON2_OK.rawValue ? tag : nil
  }

  /// Whether two tags are equal, in a time that depends on their length alone.
  static func equal(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    left.count == right.count && sodium_memcmp(left, right, left.count) == 0
  }

  /// Bytes for a salt, from the kernel's random source.
  static func random(_ count: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    randombytes_buf(&bytes, count)
    return bytes
  }
}

/// A password's only copy in the pool: bytes of its own, which no other array shares, zeroed when the last job lets go.
///
/// `@unchecked Sendable`: written by `init` and `deinit` only.
final class PasswordBytes: @unchecked Sendable {
  private let bytes: UnsafeMutableRawBufferPointer

  init(_ password: [UInt8]) {
    bytes = .allocate(byteCount: password.count, alignment: 1)
    bytes.copyBytes(from: password)
  }

  deinit {
    if let start = bytes.baseAddress { sodium_memzero(start, bytes.count) }
    bytes.deallocate()
  }

  func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    body(UnsafeRawBufferPointer(bytes))
  }
}
