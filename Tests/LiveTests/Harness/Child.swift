// A process of the tests: its output goes to files, so that nobody has to read it while it runs.
//
// posix_spawn rather than Foundation's Process, whose pipes leak into other children that start at the same moment.

import Foundation

/// A child process; its state belongs to this actor.
actor Child {
  let pid: pid_t
  /// Where its standard output and standard error go.
  let output: String, errors: String
  private var status: Int32?

  /// Starts `program` with these arguments in addition to its name.
  /// - Parameters:
  ///   - environment: instead of the tests' own variables, of which PATH and the sanitizer's options alone are kept.
  ///   - descriptors: what it gets as 3, 4 and so on; each must itself be beyond those.
  init(
    _ program: String, _ arguments: [String], environment: [String: String] = [:], input: String = "/dev/null",
    descriptors: [Int32] = [], folder: Folder
  ) throws {
    let name = UUID().uuidString
    output = folder.path + "/\(name).out"
    errors = folder.path + "/\(name).err"
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    posix_spawn_file_actions_addopen(&actions, 2, errors, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    for (index, descriptor) in descriptors.enumerated() {
      posix_spawn_file_actions_adddup2(&actions, descriptor, 3 + Int32(index))
    }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))

    var variables = environment
    for name in ["PATH", "TSAN_OPTIONS"] { variables[name] = ProcessInfo.processInfo.environment[name] }
    let texts = ([program] + arguments).map { strdup($0) }
    let pairs = variables.map { strdup("\($0.key)=\($0.value)") }
    defer { for text in texts + pairs { free(text) } }
    var pid = pid_t()
    let code = posix_spawnp(&pid, program, &actions, &attributes, texts + [nil], pairs + [nil])
    guard code == 0 else { throw HarnessError("\(program) can't be started: \(String(cString: strerror(code)))") }
    self.pid = pid
  }

  /// Sends it a signal, unless it has ended.
  func signal(_ number: Int32) {
    if exitStatus() == nil { kill(pid, number) }
  }

  /// Its exit status when it has ended, 128 and the signal's number when a signal ended it.
  func exitStatus() -> Int32? {
    if let status { return status }
    var raw: Int32 = 0
    guard waitpid(pid, &raw, WNOHANG) == pid else { return nil }
    status = raw & 0x7F == 0 ? raw >> 8 & 0xFF : 128 + raw & 0x7F
    return status
  }

  /// Waits for its end.
  func end() async throws -> Int32 {
    try await eventually("process \(pid) ends") { self.exitStatus() }
  }

  /// Ends it now, for good.
  func destroy() async {
    signal(SIGKILL)
    _ = try? await end()
  }

  nonisolated var standardOutput: String { text(ofFile: output) }
  nonisolated var standardError: String { text(ofFile: errors) }
}

/// What a finished program left.
struct Finished: Sendable, CustomStringConvertible {
  let status: Int32
  let output: String
  let errors: String

  var description: String { "exit \(status)\n\(output)\(errors)" }

  /// Its standard output as JSON.
  var json: JSON { get throws { try JSON(output) } }

  /// Runs a program to its end.
  static func run(
    _ program: String, _ arguments: [String], environment: [String: String] = [:], input: String? = nil, folder: Folder
  ) async throws -> Finished {
    let file = try input.map { try folder.write($0, to: UUID().uuidString + ".in") }
    let child = try Child(program, arguments, environment: environment, input: file ?? "/dev/null", folder: folder)
    do {
      let status = try await child.end()
      return Finished(status: status, output: child.standardOutput, errors: child.standardError)
    } catch {
      await child.destroy()
      throw error
    }
  }
}
