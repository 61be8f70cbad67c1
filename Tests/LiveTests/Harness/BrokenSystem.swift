// A system whose calls fail under a server, by the library of Tests/Faults; a seed gives the same failures again, as far
// as the same calls are made.
//
// The rates stand in a control file which the library looks at before each call, so a test breaks the system for a
// moment and mends it again; a report counts what was broken, so that no test passes because nothing was.

import Foundation
import Testing

/// The faults of one server.
struct BrokenSystem: Sendable {
  let seed: UInt64
  private let folder: Folder
  /// The rates from the first instruction on.
  private let rates: String

  /// Announces the test and its seed.
  init(_ test: String, seed: UInt64, from rates: String = "") throws {
    self.seed = seed
    self.rates = rates
    folder = try Folder()
    print("\(test): SIGNET_SEED=\(seed)")
  }

  /// Three seeds, or the one that SIGNET_SEED names.
  static let seeds: [UInt64] = {
    if let seed = Programs.environment("SIGNET_SEED").flatMap({ UInt64($0) }) { return [seed] }
    return (0..<(Programs.isLong ? 10 : 3)).map { _ in .random(in: 0..<1 << 32) }
  }()

  /// For a command which is killed before its call of this number, counted from 1, that changes a file.
  static func death(at call: Int) -> [String: String] {
    ["LD_PRELOAD": library, "SIGNET_FAULTS": "die_at=\(call)"]
  }

  /// For the server's environment.
  var environment: [String: String] {
    let settings = "seed=\(seed) control=\(folder.path)/control report=\(folder.path)/report \(rates)"
    return ["LD_PRELOAD": Self.library, "SIGNET_FAULTS": settings]
  }

  /// Breaks calls at these rates from now on, beside the seed alone.
  func breaks(_ rates: String) throws {
    try folder.write("\(Self.none) \(rates)\n", to: "next")
    guard rename(folder.path + "/next", folder.path + "/control") == 0 else { throw HarnessError("rename: \(errno)") }
  }

  /// Breaks nothing from now on.
  func mend() throws { try breaks("") }

  /// How many calls were broken so far, by the setting's name.
  var broken: [String: Int] {
    let bytes = FileManager.default.contents(atPath: folder.path + "/report") ?? Data()
    let counts = Dictionary(uniqueKeysWithValues: zip(Self.names, 0...))
    return counts.mapValues { index in
      guard bytes.count >= 8 * index + 8 else { return 0 }
      return (0..<8).reversed().reduce(0) { $0 << 8 | Int(bytes[8 * index + $1]) }
    }
  }

  /// Whether each fault that `rates` names has happened.
  func happened(_ rates: String) -> Bool {
    let broken = broken
    return rates.split(separator: " ").allSatisfy { rate in
      broken[String(rate.prefix { $0 != "=" })].map { $0 > 0 } ?? true
    }
  }

  /// In the order of the report; see Tests/Faults/settings.c.
  private static let names = ["short", "eintr", "eagain", "reset", "emfile", "enospc", "fsync_fail", "fsync_ms"]
  private static let none = (names + ["wall_ms"]).map { "\($0)=0" }.joined(separator: " ")

  /// Built beside the tests.
  private static let library = URL(fileURLWithPath: Programs.ownFile)
    .deletingLastPathComponent().appendingPathComponent("libFaults.so").path

  /// A sanitizer's own interposition wants to be first, so its builds are left alone.
  fileprivate static let isUsable: Bool = {
    guard Programs.environment("SIGNET_BINARY") == nil else { return true }
    let own = dlopen(nil, RTLD_NOW)
    return dlsym(own, "__asan_init") == nil && dlsym(own, "__tsan_init") == nil
  }()
}

extension Trait where Self == ConditionTrait {
  /// Skips, and says so, where the server is built with a sanitizer.
  static var needsPlainServer: Self {
    .enabled(if: BrokenSystem.isUsable, "SKIPPED: a sanitizer's server takes no library before its own")
  }
}

extension LiveServer {
  /// The same server to commands which meet no fault.
  var unbroken: LiveServer {
    LiveServer(folder: folder, child: child, port: port, operators: operators, settings: settings, environment: [:])
  }

  /// Kills it, and starts another on the same data folder which meets no fault.
  func restartUnbroken() async throws -> LiveServer { try await unbroken.restart(signal: SIGKILL) }

  /// How many descriptors it has open.
  var descriptors: Int {
    get throws { try FileManager.default.contentsOfDirectory(atPath: "/proc/\(child.pid)/fd").count }
  }

  /// The value of a metric without labels.
  func metric(_ name: String) async throws -> Double? { Self.metric(name, in: try await metrics()) }

  static func metric(_ name: String, in text: String) -> Double? {
    text.split(separator: "\n").first { $0.hasPrefix(name + " ") }?.split(separator: " ").last.flatMap { Double($0) }
  }
}
