// Other programs: run to the end, their output taken.

import Foundation

/// A program that was run.
struct Command {
  let status: Int32
  let output: String

  /// Runs a program of the PATH, or by its path; its standard error goes to ours.
  static func run(_ words: [String], input: String = "", environment: [String: String] = [:]) throws -> Command {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = words
    process.environment = clean.merging(environment) { _, new in new }
    let (standardInput, standardOutput) = (Pipe(), Pipe())
    process.standardInput = standardInput
    process.standardOutput = standardOutput
    try process.run()
    standardInput.fileHandleForWriting.write(Data(input.utf8))
    try standardInput.fileHandleForWriting.close()
    let data = standardOutput.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return Command(status: process.terminationStatus, output: String(decoding: data, as: UTF8.self))
  }

  /// Runs a program which must succeed.
  static func output(
    _ words: [String], input: String = "", environment: [String: String] = [:]
  ) throws -> String {
    let command = try run(words, input: input, environment: environment)
    guard command.status == 0 else { throw Failure("\(words[0]) ended with \(command.status): \(command.output)") }
    return command.output
  }

  /// Whether the PATH has a program.
  static func exists(_ name: String) -> Bool {
    (try? run(["sh", "-c", "command -v \(name)"]))?.status == 0
  }

  /// Our environment without Signet's settings, so that a shell's can't change what is measured.
  static let clean = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("SIGNET_") }
}

/// A folder that is deleted with its owner.
final class TemporaryFolder {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.path + "/signet-benchmark-" + UUID().uuidString
    try FileManager.default.createDirectory(
      atPath: path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Writes a file into the folder.
  /// - Returns: its path.
  func write(_ text: String, to name: String) throws -> String {
    try Data(text.utf8).write(to: URL(fileURLWithPath: path + "/" + name))
    return path + "/" + name
  }
}
