// What the tests need of their surroundings: folders, waiting, blocking calls, the executable, other programs.

import Foundation
import Testing

/// Why a test could not go on; not a verdict on the server.
struct HarnessError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}

/// A folder which is removed with its last user.
final class Folder: Sendable {
  let path: String

  init() throws {
    var template = Array("/tmp/signet-live-XXXXXX".utf8CString)
    guard let made = mkdtemp(&template) else { throw HarnessError("no temporary folder can be made") }
    path = String(cString: made)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Writes a file in the folder; its path.
  @discardableResult
  func write(_ text: String, to name: String) throws -> String {
    let file = path + "/" + name
    try Data(text.utf8).write(to: URL(fileURLWithPath: file))
    return file
  }
}

/// What a file holds; nothing when it isn't there. By plain reads: Foundation's leak a page for each empty file, which
/// AddressSanitizer reports.
func text(ofFile path: String) -> String {
  let descriptor = open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { return "" }
  defer { close(descriptor) }
  var bytes: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 65_536)
  while true {
    let count = read(descriptor, &buffer, buffer.count)
    guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
    bytes += buffer[..<count]
  }
}

/// Waits until `condition` gives something, asked every few milliseconds; the deadline is for failures alone, so it can
/// be long enough for a busy machine.
func eventually<Value>(
  _ what: String, within seconds: Double = 180, _ condition: () async throws -> Value?
) async throws -> Value {
  let deadline = Date().addingTimeInterval(seconds)
  while true {
    if let value = try await condition() { return value }
    guard Date() < deadline else { throw HarnessError("waited \(Int(seconds)) s in vain until \(what)") }
    try await Task.sleep(for: .milliseconds(10))
  }
}

/// Waits until `condition` holds.
func eventually(_ what: String, within seconds: Double = 180, _ condition: () async throws -> Bool) async throws {
  _ = try await eventually(what, within: seconds) { try await condition() ? true : nil } as Bool
}

/// Runs blocking code on a thread of its own: the few threads that run tests must never be blocked.
func blocking<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
  try await withCheckedThrowingContinuation { continuation in
    Thread.detachNewThread { continuation.resume(with: Result { try body() }) }
  }
}

/// A few servers at once are enough for the machine, however many tests run.
actor Places {
  static let servers = Places(4)
  private var free: Int
  private var waiting: [CheckedContinuation<Void, Never>] = []

  init(_ count: Int) { free = count }

  func take() async {
    if free > 0 { free -= 1 } else { await withCheckedContinuation { waiting.append($0) } }
  }

  func give() {
    if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() }
  }
}

/// The programs that the tests run.
enum Programs {
  /// The signet under test: `SIGNET_BINARY`, or the one built beside the tests.
  static let signet: String = {
    if let path = environment("SIGNET_BINARY") { return path }
    return URL(fileURLWithPath: ownFile).deletingLastPathComponent().appendingPathComponent("signet").path
  }()

  /// The tests' own program; what was built with them lies beside it.
  static let ownFile = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""

  /// A Python with PyJWT and joserfc; nil when `SIGNET_PYTHON` names none.
  static let python = environment("SIGNET_PYTHON")
  static let openssl = onPath("openssl")
  static let testssl = onPath("testssl")

  /// Whether the long forms of the tests are wanted.
  static let isLong = environment("SIGNET_LONG") != nil

  /// The folder of Package.swift.
  static let packageRoot = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .path

  static func environment(_ name: String) -> String? {
    ProcessInfo.processInfo.environment[name].flatMap { $0.isEmpty ? nil : $0 }
  }

  private static func onPath(_ name: String) -> String? {
    (environment("PATH") ?? "").split(separator: ":").map { "\($0)/\(name)" }
      .first { FileManager.default.isExecutableFile(atPath: $0) }
  }
}

extension Trait where Self == ConditionTrait {
  /// Skips, and says so, without a Python that has the independent implementations.
  static var needsPython: Self {
    .enabled(if: Programs.python != nil, "SKIPPED: SIGNET_PYTHON names no Python with PyJWT and joserfc (make setup)")
  }

  /// Skips, and says so, without the openssl command.
  static var needsOpenSSL: Self { .enabled(if: Programs.openssl != nil, "SKIPPED: no openssl command") }
}
