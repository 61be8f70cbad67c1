// `signet token …`: what a token says, and whether it is good.

import ArgumentParser
import Configuration
import Glibc
import Identity
import JOSE
import JSON
import Storage

struct TokenCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "token", abstract: "Inspect and verify access tokens.", subcommands: [Inspect.self, Verify.self])

  struct Inspect: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Show a token's header and claims WITHOUT checking anything.",
      discussion: "It is JSON, with or without --json. Of an encrypted token only the header can be read.")
    @OptionGroup var output: OutputOptions
    @Argument(help: "The token; - for standard input, @FILE for a file.") var token: String

    func run() async throws {
      do {
        let unverified = try UnverifiedToken(compact: Array(try Input.text(token).utf8))
        let claims = unverified.claims ?? .string("not a JSON object")
        let content =
          unverified.isEncrypted ? JSONMember("encrypted", .bool(true)) : JSONMember("claims", claims)
        Output.line(
          Output.text(
            .object([JSONMember("verified", .bool(false)), JSONMember("header", unverified.header), content])))
      } catch let error as JOSEError {
        throw CommandFailure.failed("this isn't a signed or encrypted token: \(error)")
      }
    }
  }

  struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Check a token's signature and claims, and print the claims.",
      discussion: "Without --jwks the data folder's own keys are used. Prints JSON, with or without --json.")
    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "The token; - for standard input, @FILE for a file.") var token: String
    @Option(help: "A JWK Set: an http:// URL or a file.") var jwks: String?
    @Option(help: "What iss must be; by default the configured issuer, where there is one.") var issuer: String?
    @Option(help: "What aud must hold; by default token.audience.") var audience: String?

    func run() async throws {
      let settings = try options.load().settings
      let keys = try await keys(settings.issuer)
      do {
        let verified = try TokenVerifier(keys: keys).verify(
          compact: Array(try Input.text(token).utf8), type: "at+jwt")
        let claims = try verified.claims
        try Claims.check(
          payload: claims, issuer: try issuer ?? settings.issuer ?? Self.issuer(in: claims),
          audience: audience ?? settings.token.audience, now: Workbench.now / 1000)
        Output.line(Output.text(claims))
      } catch let error as JOSEError {
        throw CommandFailure.failed("the token isn't good: \(error)")
      }
    }

    /// Without an issuer to hold it against, the one in the token counts: the keys are the operator's own choice.
    private static func issuer(in claims: JSONValue) throws -> String {
      guard let issuer = claims["iss"]?.string else { throw JOSEError.missingClaim }
      return issuer
    }

    private func keys(_ issuer: String?) async throws -> [PublicJWK] {
      guard let jwks else { return try await ownKeys() }
      let text = jwks.hasPrefix("http") ? try HTTPClient.get(jwks).body : Array(try Input.text("@" + jwks).utf8)
      do {
        return try JWKSet(try JSONValue.parse(text)).keys
      } catch {
        throw CommandFailure.failed("\(jwks) isn't a JWK Set: \(error)")
      }
    }

    private func ownKeys() async throws -> [PublicJWK] {
      try await Workbench.open(options) { bench in
        try await bench.published()
      }
    }
  }
}

/// Arguments which may stand elsewhere, so that a secret isn't seen in the list of processes.
enum Input {
  /// Bytes that are read at most.
  private static let limit = 1 << 20

  /// The argument itself, standard input for `-`, a file for `@FILE`; without white space around it.
  static func text(_ argument: String) throws -> String {
    guard argument == "-" || argument.hasPrefix("@") else { return argument }
    let path = argument == "-" ? "/dev/stdin" : String(argument.dropFirst())
    let descriptor = argument == "-" ? 0 : open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw CommandFailure.failed("\(path) can't be read: \(String(cString: strerror(errno)))")
    }
    defer { if descriptor > 0 { close(descriptor) } }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while bytes.count <= limit {
      let count = read(descriptor, &buffer, buffer.count)
      guard count > 0 else { break }
      bytes += buffer[..<count]
    }
    let isSpace: (UInt8) -> Bool = { $0 == 0x20 || (0x09...0x0d).contains($0) }
    let trimmed = bytes.drop(while: isSpace).reversed().drop(while: isSpace).reversed()
    return String(decoding: Array(trimmed), as: UTF8.self)
  }
}
