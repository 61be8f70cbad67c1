// What `signet client add` and `change` say of a client's access tokens. Only what is named changes.

import ArgumentParser
import Configuration
import Identity
import JOSE
import JSON
import OpenSSL
import Storage

/// The options that say what a client's access tokens look like.
struct TokenFormOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "What signs its tokens: one of token.algorithms; HS256, HS384 or HS512 with its MAC key; default for the issuer's.",
      valueName: "name"))
  var algorithm: String?

  @Option(
    help: ArgumentHelp(
      "Encrypt its tokens: a file with its public JWK (for RSA-OAEP-256, ECDH-ES or ECDH-ES+A256KW), or none.",
      valueName: "file"))
  var encryptionKey: String?

  @Option(
    help: ArgumentHelp(
      "The content encryption: A128GCM, A256GCM (the default), A128CBC-HS256 or A256CBC-HS512.", valueName: "name"))
  var encryption: String?

  @Option(
    help: ArgumentHelp(
      "The key for HS256, HS384 or HS512: a file with a symmetric JWK, generate (printed once), or none.",
      valueName: "file"))
  var macKey: String?

  @Option(
    name: .customLong("claim"),
    help: ArgumentHelp(
      "A claim that tells an attribute of the user: "
        + UserAttribute.allCases.map(\.rawValue).joined(separator: ", ") + "; may be repeated.",
      valueName: "name=attribute"))
  var claims: [String] = []

  @Flag(help: "Drop the claims it has.") var noClaims = false

  @Option(help: ArgumentHelp("The claim of the user's roles, if not roles.", valueName: "name"))
  var rolesClaim: String?

  @Option(
    help: ArgumentHelp(
      "Bytes that a signed token may have (\(TokenForm.limits.lowerBound) to \(TokenForm.limits.upperBound)), or default: "
        + "\(TokenForm.usualLimit) with claims of its own, else any number.",
      valueName: "bytes"))
  var tokenSize: String?

  /// Whether anything was said.
  var isEmpty: Bool {
    [algorithm, encryptionKey, encryption, macKey, rolesClaim, tokenSize].allSatisfy { $0 == nil } && claims.isEmpty
      && !noClaims
  }

  /// The MAC key that was asked for; nil when there is none to be added. Read or made once, whatever follows.
  func newMACKey() throws -> NewClientMACKey? {
    guard let macKey, macKey != "none" else { return nil }
    let wanted = algorithm.flatMap { MACAlgorithm(rawValue: $0) }
    if macKey == "generate" { return NewClientMACKey(generating: wanted ?? .hs256) }
    return try Self.checked { () throws(TokenFormError) in
      try NewClientMACKey(try jwk(macKey, TokenFormError.macKey), wanted: wanted)
    }
  }

  /// Makes of `tokens` what was said.
  /// - Parameter key: what `newMACKey` gave.
  func apply(to tokens: inout ClientTokens, _ key: ClientMACKey?) throws {
    if let algorithm { tokens.algorithm = algorithm == "default" ? nil : TokenForm.registeredName(algorithm) }
    try applyEncryption(to: &tokens)
    if let key { tokens.macKey = key } else if macKey == "none" { tokens.macKey = nil }
    try applyClaims(to: &tokens)
    if let rolesClaim { tokens.rolesClaim = rolesClaim == ClaimName.roles ? nil : rolesClaim }
    if let tokenSize {
      guard tokenSize == "default" || Int(tokenSize) != nil else {
        throw CommandFailure.usage("--token-size takes a number of bytes, or default")
      }
      tokens.sizeLimit = Int(tokenSize)
    }
  }

  private func applyEncryption(to tokens: inout ClientTokens) throws {
    if encryptionKey == "none" {
      guard encryption == nil else {
        throw CommandFailure.usage("--encryption needs a key to go with; leave it out, or name one by --encryption-key")
      }
      (tokens.encryptionKey, tokens.contentEncryption) = (nil, nil)
    } else if let encryptionKey {
      try Self.checked { () throws(TokenFormError) in
        let key = try ClientEncryptionKey(registering: try jwk(encryptionKey, TokenFormError.encryptionKey))
        tokens.encryptionKey = try key.text
        tokens.contentEncryption = tokens.contentEncryption ?? key.usualContent
      }
    }
    guard let encryption, encryptionKey != "none" else { return }
    guard tokens.encryptionKey != nil else {
      throw CommandFailure.usage("--encryption needs the client's public key; give it by --encryption-key FILE")
    }
    tokens.contentEncryption = encryption
  }

  private func applyClaims(to tokens: inout ClientTokens) throws {
    if noClaims { tokens.claims = [] }
    var named: Set<String> = []
    for claim in claims {
      // The last one: a name may be a URL with a query.
      guard let equals = claim.lastIndex(of: "=") else {
        throw CommandFailure.usage("--claim takes NAME=ATTRIBUTE, for example --claim email=email")
      }
      let name = String(claim[..<equals])
      guard named.insert(name).inserted else {
        throw CommandFailure.usage("--claim \(name) is given twice; give it once")
      }
      tokens.claims.removeAll { $0.name == name }
      tokens.claims.append(ClientClaim(name: name, attribute: String(claim[claim.index(after: equals)...])))
    }
    tokens.claims.sort { $0.name < $1.name }
  }

  /// The JSON of a key's file.
  private func jwk(
    _ path: String, _ failure: (String) -> TokenFormError
  ) throws(TokenFormError) -> JSONValue {
    let text: String
    do { text = try Input.text(path == "-" ? path : "@" + path) } catch {
      throw failure((error as? CommandFailure)?.message ?? "\(error)")
    }
    guard let value = try? JSONValue.parse(Array(text.utf8), depth: 8, size: 65_536), value.object != nil else {
      throw failure("\(path) doesn't hold a JWK (RFC 7517), which is a JSON object")
    }
    return value
  }

  /// What `body` throws, as a failure of the command's user.
  static func checked<Result>(_ body: () throws(TokenFormError) -> Result) throws -> Result {
    do { return try body() } catch { throw CommandFailure.usage(error.description) }
  }
}

extension Workbench {
  /// A client's MAC key as the store keeps it, in a new store beside the first keys.
  func wrap(_ key: NewClientMACKey, for client: String) async throws -> WrappedClientKey {
    let keys = try await keys(making: true)
    guard let anchor = keys.anchor else {
      throw CommandFailure.failed("the store has no keys; run `signet serve` once")
    }
    var bytes = key.bytes.withBytes { Array($0) }
    defer { wipe(&bytes) }
    return WrappedClientKey(wrapped: try keys.wrapClientKey(bytes, clientID: client).wrapped, anchor: anchor)
  }
}
