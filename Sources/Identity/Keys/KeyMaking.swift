// Keys between the store and the ring: made, wrapped, unwrapped, their public parts checked.

import JOSE
import JSON
import OpenSSL
package import Storage

extension KeyRing {
  static func load(_ store: any Store) async throws(KeyRingError) -> KeyMaterial {
    do { return try await store.keyMaterial() } catch { throw .store(error) }
  }

  static func add(
    _ store: any Store, _ secrets: [SecretRecord], _ keys: [KeyRecord], _ now: Int64
  ) async throws(KeyRingError) {
    do {
      try await store.addKeyMaterial(secrets, keys, now: now, context: RequestContext(actor: "system"))
    } catch {
      throw .store(error)
    }
  }

  static func unwrapSecrets(
    _ material: KeyMaterial, _ master: MasterKey
  ) throws(KeyRingError) -> [Purpose: [UInt8: [UInt8]]] {
    var secrets: [Purpose: [UInt8: [UInt8]]] = [:]
    for record in material.secrets {
      guard let purpose = Purpose(rawValue: record.purpose) else { continue }
      do {
        secrets[purpose, default: [:]][record.id] = try master.unwrap(
          record.wrapped, purpose: record.purpose, table: "secret", row: "\(record.id)")
      } catch {
        throw .masterKey(error)
      }
    }
    return secrets
  }

  /// The clients' MAC keys, by client_id. Each is wrapped for its client, so that one moved to another doesn't unwrap.
  static func unwrapClientKeys(_ material: KeyMaterial, _ master: MasterKey) throws(KeyRingError) -> [String: [UInt8]] {
    var keys: [String: [UInt8]] = [:]
    for record in material.clientKeys {
      do {
        keys[record.clientID] = try master.unwrap(
          record.wrapped, purpose: clientKeyPurpose, table: "client", row: record.clientID)
      } catch {
        throw .masterKey(.altered("the MAC key of client \(record.clientID)"))
      }
    }
    return keys
  }

  /// Wraps a client's MAC key for `client.mac_key`.
  package static func wrapClientKey(
    _ key: [UInt8], clientID: String, _ source: MasterKeySource
  ) throws(KeyRingError) -> ClientKeyRecord {
    let master = try masterKey(source, mayCreate: false)
    do {
      let wrapped = try master.wrap(key, purpose: clientKeyPurpose, table: "client", row: clientID)
      return ClientKeyRecord(clientID: clientID, wrapped: wrapped)
    } catch {
      throw .cryptography("\(error)")
    }
  }

  private static let clientKeyPurpose = "client-mac"

  static func make(_ purposes: [Purpose], _ master: MasterKey) throws(KeyRingError) -> [SecretRecord] {
    do {
      return try purposes.map { (purpose) throws(OpenSSLError) in
        let wrapped = try master.wrap(Random.bytes(32), purpose: purpose.rawValue, table: "secret", row: "1")
        return SecretRecord(purpose: purpose.rawValue, id: 1, wrapped: wrapped)
      }
    } catch {
      throw .cryptography("\(error)")
    }
  }

  static func makeKey(
    _ algorithm: SignatureAlgorithm, _ state: KeyState, _ master: MasterKey, _ publicMAC: [UInt8], _ now: Int64
  ) throws(KeyRingError) -> KeyRecord {
    do {
      let key = try SigningKey.generate(algorithm)
      var writer = JSONWriter()
      key.publicJWK.write(into: &writer)
      return KeyRecord(
        kid: key.kid, algorithm: algorithm.rawValue, state: state, publicKey: writer.bytes,
        publicMAC: try tag(key.kid, algorithm.rawValue, state.rawValue, writer.bytes, publicMAC),
        privateKey: try master.wrap(key.pkcs8, purpose: "signing", table: "signing_key", row: key.kid),
        createdAt: now, activatedAt: state == .active ? now : nil)
    } catch {
      throw .cryptography("\(error)")
    }
  }

  static func publicKey(_ record: KeyRecord, _ publicMAC: [UInt8]) throws(KeyRingError) -> PublicJWK {
    let expected = try? tag(record.kid, record.algorithm, record.state.rawValue, record.publicKey, publicMAC)
    guard let expected, constantTimeEqual(expected, record.publicMAC) else {
      throw .masterKey(.altered("signing key \(record.kid)"))
    }
    do {
      return try PublicJWK(try JSONValue.parse(record.publicKey))
    } catch {
      throw .masterKey(.altered("signing key \(record.kid)"))
    }
  }

  static func privateKey(_ record: KeyRecord, _ master: MasterKey) throws(KeyRingError) -> SigningKey {
    guard let wrapped = record.privateKey, let algorithm = SignatureAlgorithm(rawValue: record.algorithm) else {
      throw .masterKey(.altered("signing key \(record.kid)"))
    }
    let pkcs8: [UInt8]
    do {
      pkcs8 = try master.unwrap(wrapped, purpose: "signing", table: "signing_key", row: record.kid)
    } catch {
      throw .masterKey(error)
    }
    do { return try SigningKey(pkcs8: pkcs8, algorithm: algorithm) } catch {
      throw .masterKey(.altered("signing key \(record.kid)"))
    }
  }

  /// The MAC which keeps a stored public key to its kid, algorithm and state: whoever can write the database alone can
  /// neither add a key nor call a revoked one active.
  private static func tag(_ kid: String, _ algorithm: String, _ state: String, _ publicKey: [UInt8], _ key: [UInt8])
    throws -> [UInt8]
  {
    try HMACSHA256(key: key).tag(Array("\(kid)\n\(algorithm)\n\(state)\n".utf8) + publicKey)
  }
}
