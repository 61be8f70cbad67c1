// `signet token verify`: the checks that services make by the library SignetVerifier, made by the library itself.

import ArgumentParser
import Configuration
import Identity
import JOSE
import JSON
import OutgoingHTTP
import SignetVerifier

struct TokenVerifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Check a token's signature and claims, and print the claims.",
    discussion: "Without --jwks the data folder's own keys are used. Prints JSON, with or without --json.")
  @OptionGroup var options: ConfigurationOptions
  @OptionGroup var output: OutputOptions
  @Argument(help: "The token; - for standard input, @FILE for a file.") var token: String
  @Option(help: "A JWK Set: an https:// or http:// URL, or a file.") var jwks: String?
  @Option(help: ArgumentHelp("PEM file of the authorities that an https:// URL is checked by.", valueName: "file"))
  var ca: String?
  @Option(help: "What iss must be; by default the configured issuer, where there is one.") var issuer: String?
  @Option(help: "What aud must hold; by default token.audience.") var audience: String?

  func run() async throws {
    guard ca == nil || jwks?.hasPrefix("https://") == true else {
      throw CommandFailure.usage("--ca goes with an https:// URL of --jwks")
    }
    let settings = try options.load().settings
    let source = try await source()
    let token = try Input.text(token)
    let issuer = try issuer ?? settings.issuer ?? Self.issuer(in: token)
    let verifier = try verifier(issuer, audience ?? settings.token.audience, source)
    let payload: [UInt8]
    do {
      payload = try await verifier.payload(of: token)
    } catch .keysUnavailable(let problem) {
      throw CommandFailure.failed("the token can't be judged: \(problem)")
    } catch .encrypted {
      throw Self.encrypted
    } catch {
      throw CommandFailure.failed("the token isn't good: \(error)")
    }
    guard let claims = try? JSONValue.parse(payload) else { throw CommandFailure.failed("the token isn't good") }
    warn(about: claims)
    Output.line(Output.text(claims))
  }

  private static let encrypted = CommandFailure.failed(
    "the token is encrypted; open it by `signet jose decrypt` and verify what is inside")

  /// RFC 9068 2.2; without these it may be good, but no access token.
  private func warn(about claims: JSONValue) {
    let missing = ["sub", "iat", "jti", "client_id"].filter { claims[$0] == nil }
    guard !missing.isEmpty else { return }
    Output.line("signet: warning: services refuse this token, since it lacks \(missing.joined(separator: ", "))", to: 2)
  }

  /// Without an issuer to hold it against, the one in the token counts: the keys are the operator's own choice.
  private static func issuer(in token: String) throws -> String {
    let unverified = try? UnverifiedToken(compact: Array(token.utf8))
    if unverified?.isEncrypted == true { throw encrypted }
    guard let claims = unverified?.claims else {
      throw CommandFailure.failed("the token isn't good: it isn't a signed token with claims")
    }
    guard let issuer = claims["iss"]?.string, !issuer.isEmpty else {
      throw CommandFailure.failed("the token isn't good: it names no issuer")
    }
    return issuer
  }

  private func verifier(_ issuer: String, _ audience: String, _ source: KeySource) throws -> SignetVerifier {
    var options = VerifierOptions()
    options.fetching.authorityFile = ca
    // Which keys to believe, and by what way they come, is the operator's choice.
    options.fetching.allowsPlainHTTP = true
    do {
      return try SignetVerifier(issuer: issuer, audience: audience, keys: source, options: options)
    } catch {
      throw CommandFailure.failed("\(jwks ?? "the data folder"): \(error)")
    }
  }

  private func source() async throws -> KeySource {
    guard let jwks else { return .document(try await ownKeys()) }
    guard jwks.contains("://") else { return .document(try Input.bytes("@" + jwks)) }
    do {
      return .url(try HTTPURL(jwks).description)
    } catch {
      // Without the URL, which may hold a password.
      throw CommandFailure.usage("the URL of --jwks \(error)")
    }
  }

  private func ownKeys() async throws -> [UInt8] {
    try await Workbench.open(options) { bench in
      var writer = JSONWriter()
      // Through the ring, which checks each stored key's MAC.
      try JWKSet(try await bench.published()).write(into: &writer)
      return writer.bytes
    }
  }
}
