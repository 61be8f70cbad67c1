// The master key: 32 bytes which wrap every other key. From a file only its owner can read, or from the environment.
//
// A new one is made only for a store that holds no keys yet, or in the place of one that opens the store (see
// Rewrapping.swift); a lost master key is an error for a person to solve, since new keys would sign everybody out and hide
// what happened.

import Glibc
import JOSE
import OpenSSL
import Storage

/// Why there is no master key, or why it doesn't fit.
package enum MasterKeyError: Error, Sendable, CustomStringConvertible {
  case malformed(String)
  case missing(String)
  case exposed(String)
  case unreadable(String, errno: Int32)
  case unwritable(String, errno: Int32)
  /// The file can't be replaced by another: it is mounted by itself, or its folder can't be written. Nothing was changed.
  case irreplaceable(String, errno: Int32)
  /// The store is wrapped by the new key, which can't take the old one's place at this path.
  case pending(String, errno: Int32)
  /// It unwraps nothing of this store.
  case wrong
  /// A stored key's MAC isn't good, or it doesn't unwrap where the others do; which one.
  case altered(String)

  package var description: String {
    switch self {
    case .malformed(let place):
      "\(place) doesn't hold a master key (32 bytes in base64url, 43 characters); put back the one this store was made with"
    case .missing(let path):
      "\(path) is missing and the store already holds keys; put back the master key it was made with, or name it by "
        + "master_key_file or SIGNET_MASTER_KEY"
    case .exposed(let path): "\(path) can be read by others than its owner; run `chmod 600 \(path)`"
    case .unreadable(let path, let code): "\(path) can't be read: \(String(cString: strerror(code)))"
    case .unwritable(let path, let code):
      "\(path) can't be written: \(String(cString: strerror(code)))"
        + ([EACCES, EPERM, EROFS].contains(code) ? "; let this user write into its folder" : "")
    case .irreplaceable(let path, let code):
      "nothing was changed, since \(path) can't be replaced by a new file: \(String(cString: strerror(code))); let this "
        + "user write into its folder, mount the folder rather than the file, or give the key by SIGNET_MASTER_KEY and "
        + "change it by SIGNET_MASTER_KEY_PREVIOUS"
    case .pending(let path, let code):
      "the store is wrapped by the master key in \(path).new now, which can't take the place of \(path): "
        + "\(String(cString: strerror(code))); keep \(path).new, nothing else opens the store, and copy it over \(path)"
    case .wrong: "the master key isn't the one this store's keys were wrapped with; put back that one"
    case .altered(let what):
      "\(what) of the store was altered by something other than signet; restore a backup"
    }
  }
}

/// 32 bytes that wrap keys.
package struct MasterKey: Sendable, CustomStringConvertible {
  private let bytes: [UInt8]

  package var description: String { "[master key]" }

  /// A new random key.
  static func random() -> MasterKey { MasterKey(bytes: Random.bytes(32)) }

  private init(bytes: [UInt8]) { self.bytes = bytes }

  /// The key in base64url, as it stands in a file.
  var base64url: String { Base64URL.encode(bytes) }

  /// Whether both are the same key.
  func isSame(as other: MasterKey) -> Bool { constantTimeEqual(bytes, other.bytes) }

  /// A key in base64url, as it stands in a file or the environment.
  /// - Parameter place: where it comes from, for the error.
  package init(base64url text: String, from place: String) throws(MasterKeyError) {
    guard let bytes = try? Base64URL.decode(text), bytes.count == 32 else { throw .malformed(place) }
    self.bytes = bytes
  }

  /// Reads the key's file.
  package init(file path: String) throws(MasterKeyError) {
    // O_NONBLOCK: a pipe in the key's place must not hold the start up.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw errno == ENOENT ? .missing(path) : .unreadable(path, errno: errno) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .unreadable(path, errno: errno) }
    guard status.st_mode & S_IFMT == S_IFREG, status.st_size <= 256 else { throw .malformed(path) }
    guard status.st_mode & 0o077 == 0 else { throw .exposed(path) }
    guard let bytes = WholeTransfer.read(descriptor, limit: 256) else { throw .unreadable(path, errno: errno) }
    let text = String(decoding: bytes.filter { $0 != 10 && $0 != 13 }, as: UTF8.self)
    try self.init(base64url: text, from: path)
  }

  /// Wraps a key (AES-256-GCM) for one place: wrapped bytes moved to another row or purpose don't unwrap.
  func wrap(_ key: [UInt8], purpose: String, table: String, row: String) throws(OpenSSLError) -> [UInt8] {
    try AES256GCM.seal(key, key: bytes, associatedData: Self.place(purpose, table, row))
  }

  /// Unwraps what `wrap` made for the same place. Throws `.wrong`.
  func unwrap(_ wrapped: [UInt8], purpose: String, table: String, row: String) throws(MasterKeyError) -> [UInt8] {
    do {
      return try AES256GCM.open(wrapped, key: bytes, associatedData: Self.place(purpose, table, row))
    } catch {
      throw .wrong
    }
  }

  /// Whether the store's keys were wrapped with it. A store without keys was wrapped by none.
  func opens(_ material: KeyMaterial) -> Bool {
    guard let secret = material.secrets.first else { return false }
    return (try? unwrap(secret)) != nil
  }

  /// Unwraps a symmetric key. Throws `.wrong`.
  func unwrap(_ record: SecretRecord) throws(MasterKeyError) -> [UInt8] {
    try unwrap(record.wrapped, purpose: record.purpose, table: "secret", row: "\(record.id)")
  }

  /// Wraps a symmetric key.
  func wrapSecret(_ key: [UInt8], _ purpose: String, _ id: UInt8) throws(OpenSSLError) -> SecretRecord {
    let wrapped = try wrap(key, purpose: purpose, table: "secret", row: "\(id)")
    return SecretRecord(purpose: purpose, id: id, wrapped: wrapped)
  }

  /// Unwraps a signing key's private part, PKCS #8 in DER; the caller wipes it. Throws `.altered` where the store's other
  /// keys unwrap.
  func unwrap(_ record: PrivateKeyRecord) throws(MasterKeyError) -> [UInt8] {
    do {
      return try unwrap(record.wrapped, purpose: "signing", table: "signing_key", row: record.kid)
    } catch { throw .altered("signing key \(record.kid)") }
  }

  /// Wraps a signing key's private part.
  func wrapPrivate(_ pkcs8: [UInt8], kid: String) throws(OpenSSLError) -> PrivateKeyRecord {
    PrivateKeyRecord(kid: kid, wrapped: try wrap(pkcs8, purpose: "signing", table: "signing_key", row: kid))
  }

  /// Unwraps a client's MAC key: one that was moved to another client doesn't unwrap. Throws `.altered`.
  func unwrap(_ record: ClientKeyRecord) throws(MasterKeyError) -> [UInt8] {
    do {
      return try unwrap(record.wrapped, purpose: "client-mac", table: "client", row: record.clientID)
    } catch { throw .altered("the MAC key of client \(record.clientID)") }
  }

  /// Wraps a client's MAC key for that client.
  func wrapClientKey(_ key: [UInt8], clientID: String) throws(OpenSSLError) -> ClientKeyRecord {
    let wrapped = try wrap(key, purpose: "client-mac", table: "client", row: clientID)
    return ClientKeyRecord(clientID: clientID, wrapped: wrapped)
  }

  private static func place(_ purpose: String, _ table: String, _ row: String) -> [UInt8] {
    Array("signet/1\n\(purpose)\n\(table)\n\(row)".utf8)
  }
}
