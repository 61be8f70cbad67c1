// What the comparison is made of: the release binary, counted once for all tests, and the file of figures.

import Counting
import Foundation

enum Gate {
  /// "check" or "write"; nil where the binary may be missing or an old one.
  static let mode = ProcessInfo.processInfo.environment["SIGNET_COSTS"]
  static let file = folder + "/costs.json"

  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path
  private static let binary =
    ProcessInfo.processInfo.environment["SIGNET_BINARY"]
    ?? URL(fileURLWithPath: folder + "/../../.build/signet").standardized.path

  typealias All = [CountedRequest: Shares]

  private static let counting = Task { try await count() }

  /// What all tests look at.
  static func shares() async throws -> (mallocs: All, instructions: All) { try await counting.value }

  /// Counts anew, with servers of its own.
  static func count() async throws -> (mallocs: All, instructions: All) {
    guard FileManager.default.isExecutableFile(atPath: binary) else {
      throw CountingError("there is no release binary \(binary); run `make release`")
    }
    let program = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    let library = URL(fileURLWithPath: program).deletingLastPathComponent().path + "/libMallocCount.so"
    return (
      try await blocking { try Mallocs.count(binary, library: library) },
      try await blocking { try Instructions.count(binary) }
    )
  }

  /// Signet's own share.
  static func own(_ shares: (mallocs: All, instructions: All)) -> Costs {
    let (mallocs, instructions) = shares
    func sum(_ shares: Shares?, _ isOurs: (String) -> Bool) -> Int {
      Int((shares ?? [:]).filter { isOurs($0.key) }.values.reduce(0, +).rounded())
    }
    return Dictionary(
      uniqueKeysWithValues: CountedRequest.allCases.map { request in
        (
          request.rawValue,
          Cost(
            mallocs: sum(mallocs[request], Mallocs.isOurs),
            instructions: sum(instructions[request], Instructions.isOurs))
        )
      })
  }

  /// Swift's version and the processor, as the file names them.
  static func toolchain() throws -> String {
    let (process, output) = (Process(), Pipe())
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["swift", "--version"]
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard let toolchain = CostBook.toolchain(text) else { throw CountingError("swift --version says: \(text)") }
    return toolchain
  }

  static func say(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }

  /// On a thread of its own: the few threads that run tests must never be blocked.
  private static func blocking<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      Thread.detachNewThread { continuation.resume(with: Result { try body() }) }
    }
  }
}
