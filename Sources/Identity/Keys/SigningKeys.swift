// Signing keys between the store and the ring: made, wrapped, unwrapped, their public parts checked.

import JOSE
import JSON
import OpenSSL
package import Storage

extension UnlockedKeys {
  /// A new key, ready for the store. RSA takes a good part of a second of its thread.
  func makeKey(
    _ algorithm: SignatureAlgorithm, _ state: KeyState, _ act: KeyAct
  ) throws(KeyRingError) -> KeyRecord {
    try Self.makeKey(algorithm, state, act, by: master, publicMACKey())
  }

  static func makeKey(
    _ algorithm: SignatureAlgorithm, _ state: KeyState, _ act: KeyAct, by master: MasterKey, _ macKey: [UInt8]
  ) throws(KeyRingError) -> KeyRecord {
    do {
      var key = try SigningKey.generate(algorithm)
      // On a command line such an id would look like an option.
      while key.kid.hasPrefix("-") { key = try SigningKey.generate(algorithm) }
      var pkcs8 = try key.pkcs8
      defer { wipe(&pkcs8) }
      var writer = JSONWriter()
      key.publicJWK.write(into: &writer)
      return KeyRecord(
        kid: key.kid, algorithm: algorithm.rawValue, state: state, publicKey: writer.bytes,
        publicMAC: try tag(key.kid, algorithm.rawValue, state, writer.bytes, macKey),
        privateKey: try master.wrapPrivate(pkcs8, kid: key.kid).wrapped, createdAt: act.now,
        activatedAt: state == .active ? act.now : nil, tokenLifetime: act.tokenLifetime)
    } catch {
      throw .cryptography("\(error)")
    }
  }

  /// The step that moves a key on.
  func step(_ record: KeyRecord, _ move: KeyStep.Move) throws(KeyRingError) -> KeyStep {
    try Self.step(record, move, publicMACKey())
  }

  static func step(_ record: KeyRecord, _ move: KeyStep.Move, _ macKey: [UInt8]) throws(KeyRingError) -> KeyStep {
    guard let state = move.state else { return KeyStep(record.kid, from: record.state, move) }
    do {
      let mac = try tag(record.kid, record.algorithm, state, record.publicKey, macKey)
      return KeyStep(record.kid, from: record.state, move, publicMAC: mac)
    } catch {
      throw .cryptography("\(error)")
    }
  }

  /// A stored public key as it was published. Throws when it, its algorithm or its state was altered.
  func document(_ record: KeyRecord) throws(KeyRingError) -> JSONValue {
    let macKey = try publicMACKey()
    let expected = try? Self.tag(record.kid, record.algorithm, record.state, record.publicKey, macKey)
    guard let expected, constantTimeEqual(expected, record.publicMAC) else { throw Self.altered(record) }
    do { return try JSONValue.parse(record.publicKey) } catch { throw Self.altered(record) }
  }

  /// A key's private part. Throws when it has none, or was altered.
  func signingKey(_ record: KeyRecord) throws(KeyRingError) -> SigningKey {
    guard let wrapped = record.privateKey, let algorithm = SignatureAlgorithm(rawValue: record.algorithm) else {
      throw Self.altered(record)
    }
    var pkcs8: [UInt8]
    do { pkcs8 = try master.unwrap(PrivateKeyRecord(kid: record.kid, wrapped: wrapped)) } catch {
      throw .masterKey(error)
    }
    defer { wipe(&pkcs8) }
    do { return try SigningKey(pkcs8: pkcs8, algorithm: algorithm) } catch { throw Self.altered(record) }
  }

  /// A key's private part as encrypted PKCS #8 in PEM (RFC 7468 section 11), for an operator who asked for it.
  package func encryptedPEM(_ record: KeyRecord, passphrase: [UInt8]) throws(KeyRingError) -> String {
    let key = try signingKey(record)
    do { return try key.encryptedPEM(passphrase: passphrase) } catch { throw .cryptography("\(error)") }
  }

  static func altered(_ record: KeyRecord) -> KeyRingError { .masterKey(.altered("signing key \(record.kid)")) }

  /// The MAC which keeps a stored public key to its kid, algorithm and state: whoever can write the database alone can
  /// neither add a key nor call a revoked one active.
  private static func tag(
    _ kid: String, _ algorithm: String, _ state: KeyState, _ publicKey: [UInt8], _ key: [UInt8]
  ) throws -> [UInt8] {
    try HMACSHA256(key: key).tag(Array("\(kid)\n\(algorithm)\n\(state.rawValue)\n".utf8) + publicKey)
  }
}
