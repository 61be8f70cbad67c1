// `signet jose …`: JOSE on standard input and output, for operators and for checks from outside. No store, no
// configuration: the key decides what is allowed, the same code decides it that decides over access tokens.

import ArgumentParser
import JOSE
import JSON
import OpenSSL

struct JoseCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "jose", abstract: "Sign, verify, encrypt and decrypt with a key from a file (JWS, JWE, JWK).",
    discussion: "The key says which algorithm it is for; --alg must agree with it.",
    subcommands: [
      Sign.self, Verify.self, Encrypt.self, Decrypt.self, Thumbprint.self, Public.self, Generate.self,
    ])
}

extension JoseCommand {
  struct Sign: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "sign", abstract: "Sign standard input; prints a compact JWS (RFC 7515 section 7.1).")
    @OptionGroup var file: KeyOptions
    @OptionGroup var output: OutputOptions
    @Option(help: "The JWS algorithm, ES256 for one.") var alg: String
    @Option(help: "The header's typ.") var typ: String?

    func run() throws {
      let key = try file.keys().one(for: "signing", alg, MakingKey.init)
      guard key.serves(alg) else { throw CommandFailure.failed("\(file.key) is for \(key.algorithm), not for \(alg)") }
      let payload = try Input.bytes("-")
      var compact: [UInt8] = []
      try JoseCommand.failing("nothing was signed") {
        try key.signer(type: typ).sign(payload: payload, into: &compact)
      }
      JoseCommand.printCompact(compact, json: output.json)
    }
  }

  struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "verify", abstract: "Check a compact JWS on standard input; prints its payload, or exits with 1.",
      discussion: "The signature is checked, and nothing in the payload: for access tokens see `signet token verify`.")
    @OptionGroup var file: KeyOptions
    @OptionGroup var output: OutputOptions
    @Option(help: "What a key is for that names no algorithm itself.") var alg: String?

    func run() throws {
      let keys = CheckingKeys(try file.keys().all(for: "verifying", alg, CheckingKeys.Key.init))
      let compact = Array(try Input.text("-").utf8)
      let verified = try JoseCommand.failing("the signature isn't good") { try keys.verify(compact) }
      JoseCommand.printPayload(verified.payload, ["kid": verified.kid, "alg": verified.algorithm], json: output.json)
    }
  }

  struct Encrypt: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "encrypt", abstract: "Encrypt standard input; prints a compact JWE (RFC 7516 section 7.1).")
    @OptionGroup var file: KeyOptions
    @OptionGroup var output: OutputOptions
    @Option(help: "The key management algorithm, RSA-OAEP-256 for one.") var alg: String
    @Option(help: "The content encryption: A128GCM, A256GCM, A128CBC-HS256 or A256CBC-HS512.") var enc = "A256GCM"
    @Option(help: "The header's cty; JWT for a token.") var cty: String?

    func run() throws {
      let content = try JoseCommand.content(enc)
      let key = try file.keys().one(for: "encrypting", alg) { (value) throws(JOSEError) in try EncryptionKey(value) }
      guard key.algorithm.rawValue == alg else {
        throw CommandFailure.failed("\(file.key) is for \(key.algorithm.rawValue), not for \(alg)")
      }
      let plaintext = try Input.bytes("-")
      var compact: [UInt8] = []
      try JoseCommand.failing("nothing was encrypted") {
        let encrypter = try TokenEncrypter(key: key, content: content, contentType: cty, type: nil)
        try encrypter.encrypt(plaintext, into: &compact)
      }
      JoseCommand.printCompact(compact, json: output.json)
    }
  }

  struct Decrypt: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "decrypt",
      abstract: "Decrypt a compact JWE on standard input; prints its plaintext, or exits with 1.")
    @OptionGroup var file: KeyOptions
    @OptionGroup var output: OutputOptions
    @Option(help: "What a key is for that names no algorithm itself.") var alg: String?

    func run() throws {
      let keys = try file.keys().all(for: "decrypting", alg) { (value) throws(JOSEError) in try DecryptionKey(value) }
      let compact = Array(try Input.text("-").utf8)
      let decrypted = try JoseCommand.failing("it can't be decrypted") {
        try TokenDecrypter(keys: keys, size: Input.limit).decrypt(compact: compact)
      }
      JoseCommand.printPayload(
        decrypted.plaintext,
        ["kid": decrypted.kid, "alg": decrypted.algorithm.rawValue, "enc": decrypted.content.rawValue],
        json: output.json)
    }
  }
}

extension JoseCommand {
  struct Thumbprint: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "thumbprint", abstract: "Print the thumbprint of a JWK or PEM on standard input (RFC 7638).",
      discussion: "That of a symmetric key lets whoever sees it check guesses at the key.")
    @OptionGroup var output: OutputOptions

    func run() throws {
      let value = try JoseKeys.value(try Input.bytes("-"), "standard input")
      let text = try JoseCommand.failing("standard input isn't a key") { try JOSE.Thumbprint.of(value) }
      Output.done(text, [JSONMember("thumbprint", .string(text))], json: output.json)
    }
  }

  struct Public: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "public", abstract: "Print the public half of a JWK or PEM on standard input.",
      discussion: "It is JSON, with or without --json.")
    @OptionGroup var output: OutputOptions
    @Option(help: "What a key is for that names no algorithm itself.") var alg: String?
    @Flag(help: "Print PEM.") var pem = false

    func run() throws {
      let value = JoseKeys.named(try JoseKeys.value(try Input.bytes("-"), "standard input"), alg)
      try JoseCommand.failing("standard input has no public half") {
        var writer = JSONWriter()
        do {
          let key = try PublicJWK(value)
          if pem { return Output.bytes(Array(try key.pem.utf8)) }
          key.write(into: &writer)
        } catch JOSEError.wrongKeyUse, JOSEError.unsupportedKey {
          let key = try EncryptionKey(value)
          if pem { return Output.bytes(Array(try key.pem.utf8)) }
          try key.write(into: &writer)
        }
        Output.line(String(decoding: writer.bytes, as: UTF8.self))
      }
    }
  }

  struct Generate: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "generate", abstract: "Print a new private or symmetric JWK.",
      discussion: "It is JSON, with or without --json. Keep it secret.")
    @OptionGroup var output: OutputOptions
    @Option(help: "The algorithm it is for: of JWS, or of JWE's key management.") var alg: String
    @Option(help: "For ECDH-ES: P-256 or X25519.") var crv: String?
    @Option(help: "For dir: the content encryption, which says the size.") var enc: String?

    func run() throws {
      var writer = JSONWriter()
      defer { wipe(&writer.bytes) }
      try JoseCommand.failing("no key was made") {
        if let algorithm = SignatureAlgorithm(name: alg) {
          try SigningKey.generate(algorithm).writePrivate(into: &writer)
        } else if let algorithm = MACAlgorithm(name: alg) {
          try MACKey.generate(algorithm, kid: Base64URL.encode(Random.bytes(16))).writeSecret(into: &writer)
        } else {
          try encryptionKey().writePrivate(into: &writer)
        }
      }
      Output.bytes(writer.bytes + [UInt8(ascii: "\n")])
    }

    private func encryptionKey() throws -> DecryptionKey {
      guard let algorithm = KeyManagementAlgorithm(rawValue: alg) else {
        let known =
          SignatureAlgorithm.available.map(\.rawValue) + MACAlgorithm.allCases.map(\.rawValue)
          + KeyManagementAlgorithm.allCases.map(\.rawValue)
        throw CommandFailure.usage("--alg \(alg) isn't known; use one of \(known.joined(separator: ", "))")
      }
      let kinds = ["P-256": KeyKind.p256, "X25519": .x25519]
      let kind = crv.map { kinds[$0] }
      if kind == .some(nil) { throw CommandFailure.usage("--crv \(crv ?? "") isn't known; use P-256 or X25519") }
      let content = try enc.map(JoseCommand.content)
      return try DecryptionKey.generate(algorithm, content, kind: kind ?? nil)
    }
  }
}

extension JoseCommand {
  /// The content encryption of that name.
  static func content(_ name: String) throws -> ContentEncryption {
    guard let content = ContentEncryption(rawValue: name) else {
      let known = ContentEncryption.allCases.map(\.rawValue).joined(separator: ", ")
      throw CommandFailure.usage("--enc \(name) isn't known; use one of \(known)")
    }
    return content
  }

  /// Says for people why JOSE refused.
  static func failing<Result>(_ what: String, _ body: () throws -> Result) throws -> Result {
    do { return try body() } catch let error as JOSEError { throw CommandFailure.failed("\(what): \(error)") }
  }

  static func printCompact(_ compact: [UInt8], json: Bool) {
    let text = String(decoding: compact, as: UTF8.self)
    Output.done(text, [JSONMember("compact", .string(text))], json: json)
  }

  /// Prints a payload as it is, without a newline of ours; in JSON as base64url, since it may be any bytes.
  static func printPayload(_ payload: [UInt8], _ about: KeyValuePairs<String, String?>, json: Bool) {
    guard json else { return Output.bytes(payload) }
    let members = about.map { JSONMember($0.key, JSONValue($0.value)) }
    Output.line(Output.text(.object(members + [JSONMember("payload", .string(Base64URL.encode(payload)))])))
  }
}
