// `signet token …`: what a token says, and whether it is good.

import ArgumentParser
import Glibc
import JOSE
import JSON

struct TokenCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "token", abstract: "Inspect and verify access tokens.",
    subcommands: [Inspect.self, TokenVerifyCommand.self])

  struct Inspect: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "inspect", abstract: "Show a token's header and claims WITHOUT checking anything.",
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
}
