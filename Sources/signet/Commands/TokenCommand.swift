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
}

/// Arguments which may stand elsewhere, so that a secret isn't seen in the list of processes.
enum Input {
  /// Bytes that are read at most.
  private static let limit = 1 << 20

  /// The argument itself, standard input for `-`, a file for `@FILE`; without white space around it.
  static func text(_ argument: String) throws -> String {
    guard argument == "-" || argument.hasPrefix("@") else { return argument }
    let bytes = try argument == "-" ? read(0, "standard input") : bytes(of: String(argument.dropFirst()))
    let isSpace: (UInt8) -> Bool = { $0 == 0x20 || (0x09...0x0d).contains($0) }
    let trimmed = bytes.drop(while: isSpace).reversed().drop(while: isSpace).reversed()
    return String(decoding: Array(trimmed), as: UTF8.self)
  }

  /// What a file of at most 1 MiB holds.
  static func bytes(of path: String) throws -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw CommandFailure.failed("\(path) can't be read: \(String(cString: strerror(errno)))")
    }
    defer { close(descriptor) }
    return try read(descriptor, path)
  }

  private static func read(_ descriptor: Int32, _ name: String) throws -> [UInt8] {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = Glibc.read(descriptor, &buffer, buffer.count)
      guard count >= 0 else {
        throw CommandFailure.failed("\(name) can't be read: \(String(cString: strerror(errno)))")
      }
      if count == 0 { return bytes }
      bytes += buffer[..<count]
      guard bytes.count <= limit else { throw CommandFailure.failed("\(name) is larger than 1 MiB") }
    }
  }
}
