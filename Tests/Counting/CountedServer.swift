// The release binary under a counter, on a data folder of its own: one event loop, so that the same requests take the
// same ways, and password hashing as cheap as the settings allow, since its cost is Argon2's and no part of a count.

import Foundation

/// Why nothing could be counted.
package struct CountingError: Error, CustomStringConvertible {
  package let description: String

  package init(_ description: String) { self.description = description }
}

/// A running Signet, and the program that counts it.
final class CountedServer {
  static let credentials = #"{"username":"ada","password":"correct horse battery staple"}"#

  let folder: String
  private(set) var port: UInt16 = 0
  private let process = Process()

  /// Starts `binary`, behind the words of `prefix` if any, and waits until it listens.
  init(_ binary: String, prefix: [String] = [], environment: [String: String] = [:], folder: String) throws {
    self.folder = folder
    try Self.addUser(binary, folder)
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = prefix + [binary, "serve"]
    process.environment = Self.settings(folder).merging(environment) { $1 }
    process.standardOutput = output
    process.standardError = try Self.log(folder)
    try process.run()
    var line: [UInt8] = []
    while let byte = output.fileHandleForReading.readData(ofLength: 1).first, byte != 10 { line.append(byte) }
    let text = String(decoding: line, as: UTF8.self)
    guard text.hasPrefix("listening on http://"), let port = text.split(separator: ":").last.flatMap({ UInt16($0) })
    else {
      let log = try? String(contentsOfFile: folder + "/log", encoding: .utf8)
      throw CountingError("\((prefix + [binary]).joined(separator: " ")) doesn't listen: \(log ?? "")")
    }
    self.port = port
  }

  deinit { stop() }

  var identifier: Int32 { process.processIdentifier }

  /// Drains and ends it.
  func stop() {
    guard process.isRunning else { return }
    process.terminate()
    process.waitUntilExit()
  }

  private static func addUser(_ binary: String, _ folder: String) throws {
    let (process, input) = (Process(), Pipe())
    process.executableURL = URL(fileURLWithPath: binary)
    process.arguments = ["user", "add", "ada", "--password-stdin"]
    process.environment = settings(folder)
    process.standardInput = input
    process.standardOutput = FileHandle.nullDevice
    process.standardError = try log(folder)
    try process.run()
    input.fileHandleForWriting.write(Data("correct horse battery staple\n".utf8))
    try input.fileHandleForWriting.close()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      let log = try? String(contentsOfFile: folder + "/log", encoding: .utf8)
      throw CountingError("\(binary) adds no user: \(log ?? "")")
    }
  }

  private static func log(_ folder: String) throws -> FileHandle {
    try Data().write(to: URL(fileURLWithPath: folder + "/log"))
    return try FileHandle(forWritingTo: URL(fileURLWithPath: folder + "/log"))
  }

  /// None of the caller's own. Swift's hashing is seeded at random otherwise, and with it the ways through its tables.
  private static func settings(_ folder: String) -> [String: String] {
    ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("SIGNET_") }.merging([
      "SIGNET_LISTEN": "127.0.0.1:0", "SIGNET_ADMIN_LISTEN": "off", "SIGNET_DATA": folder,
      "SIGNET_SESSION_MAX_PER_USER": "10000", "SIGNET_SERVER_LOOPS": "1", "SIGNET_PASSWORD_MEMORY_KIB": "8",
      "SIGNET_PASSWORD_ITERATIONS": "1", "SWIFT_DETERMINISTIC_HASHING": "1",
    ]) { $1 }
  }
}

/// Runs `body` with a new folder, which is deleted afterwards.
func withFolder<Value>(_ body: (String) throws -> Value) throws -> Value {
  let path = FileManager.default.temporaryDirectory.path + "/signet-counts-" + UUID().uuidString
  try FileManager.default.createDirectory(
    atPath: path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
  defer { try? FileManager.default.removeItem(atPath: path) }
  return try body(path)
}
