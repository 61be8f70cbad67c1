// The clients as one event loop issues tokens to them: what each one's tokens are signed and encrypted by.
//
// A client's context is made at its first token and found by its id afterwards, so a request costs one look into a
// dictionary, and thousands of clients that nobody uses cost a loop nothing.

import JOSE
import Storage

/// A client with the contexts of one thread.
final class ClientContext {
  let record: ClientRecord
  let form: TokenForm
  let signer: TokenSigner
  /// For a client with an encryption key.
  let encrypter: TokenEncrypter?

  init(_ record: ClientRecord, _ form: TokenForm, _ signer: TokenSigner, _ encrypter: TokenEncrypter?) {
    self.record = record
    self.form = form
    self.signer = signer
    self.encrypter = encrypter
  }

  /// The bytes of a token, before encryption, with so many bytes of claims.
  func size(claims: Int) -> Int {
    form.isReference ? ReferenceTokenCodec.size(claims: claims) : signer.size(payload: claims)
  }
}

/// The public keys that a client has registered.
struct ClientKeys {
  let all: [PublicJWK]
  /// Verifies its assertions.
  let verifier: TokenVerifier
}

/// One thread's clients.
final class ClientContexts {
  /// Those which are kept; beyond, all are made anew as they come.
  static let most = 1024

  private let clients: [String: RegisteredClient]
  private let macKeys: [String: [UInt8]]
  private let signers: [SignatureAlgorithm: TokenSigner]
  private let anyMayFail: Bool
  private(set) var made: [String: ClientContext] = [:]
  /// Clients' public keys, by client_id.
  private var keys: [String: ClientKeys] = [:]

  init(_ snapshot: Snapshot) throws {
    clients = snapshot.clients
    macKeys = snapshot.ring.clientMACKeys
    signers = try snapshot.ring.signing.mapValues { try TokenSigner(key: $0, type: AccessToken.type) }
    anyMayFail = clients.values.contains { $0.mayFail }
  }

  /// The client, as tokens are issued to it.
  func load(_ id: String) throws(Refusal) -> ClientContext {
    if let context = made[id] { return context }
    // Another loop, or another process, knows it already.
    guard let client = clients[id] else {
      throw Refusal(.temporarilyUnavailable(retryAfter: 1), cause: "client_not_known_yet")
    }
    let context = try make(client)
    if made.count >= Self.most { made.removeAll() }
    made[id] = context
    return context
  }

  /// The public keys of a client; nil when it has none that can be used.
  func keys(of client: RegisteredClient) -> ClientKeys? {
    let id = client.record.id
    if let found = keys[id] { return found }
    guard let jwks = client.record.authentication.jwks, let set = try? JWKSet(parsing: Array(jwks.utf8)),
      let verifier = try? TokenVerifier(keys: set.keys, size: ClientAssertion.size)
    else { return nil }
    if keys.count >= Self.most { keys.removeAll() }
    let found = ClientKeys(all: set.keys, verifier: verifier)
    keys[id] = found
    return found
  }

  /// What verifies tokens that the client's own MAC key has made; nil when it has none.
  func macVerifier(of client: ClientRecord) -> MACVerifier? {
    guard let record = client.tokens.macKey, let algorithm = MACAlgorithm(rawValue: record.algorithm),
      let bytes = macKeys[client.id], let key = try? MACKey(bytes: bytes, algorithm: algorithm, kid: record.kid)
    else { return nil }
    return try? MACVerifier(keys: [key])
  }

  /// Whether a token for this client, or for any where the request names none, could be refused once its session is known.
  func mayFail(_ id: String?) -> Bool {
    guard let id else { return anyMayFail }
    return clients[id]?.mayFail ?? false
  }

  private func make(_ client: RegisteredClient) throws(Refusal) -> ClientContext {
    let form: TokenForm
    switch client.form {
    case .success(let good): form = good
    case .failure(let error): throw Refusal(.serverError, cause: client.complaint(error))
    }
    do throws(JOSEError) {
      let signer = try signer(form.signature, client.record)
      let encrypter = try form.encryption.map { (encryption) throws(JOSEError) in
        // RFC 7519 section 5.2: what is inside is a JWT. RFC 8725 section 3.11: the outer one says what the whole is too,
        // as the inner one must.
        try TokenEncrypter(
          key: encryption.key, content: encryption.content, contentType: "JWT", type: AccessToken.type)
      }
      return ClientContext(client.record, form, signer, encrypter)
    } catch {
      throw Refusal(.serverError, cause: "client_keys client=\(client.record.id): \(error)")
    }
  }

  private func signer(_ signature: TokenForm.Signature, _ client: ClientRecord) throws(JOSEError) -> TokenSigner {
    switch signature {
    case .key(let algorithm):
      guard let signer = signers[algorithm] else { throw .unknownKey }
      return signer
    case .mac(let algorithm):
      guard let bytes = macKeys[client.id] else { throw .unknownKey }
      let key = try MACKey(bytes: bytes, algorithm: algorithm, kid: client.tokens.macKey?.kid)
      return try TokenSigner(mac: key, type: AccessToken.type)
    }
  }
}
