// What the tests of the configuration share: a machine that never changes, and files that go with the test.

import Configuration
import Glibc

/// Eight cores and 16 GiB.
let machine = Machine(cores: 8, memoryKiB: 16 << 20)

func load(
  file: String? = nil, environment: [String: String] = [:], flags: [(key: String, value: String)] = []
) throws(ConfigurationError) -> Loaded {
  try Settings.load(file: file, environment: environment, overrides: flags, machine: machine)
}

/// Runs `body` with the path of a file that holds `bytes`.
func withFile<Result>(_ bytes: [UInt8], _ body: (String) throws -> Result) throws -> Result {
  var template = Array("/tmp/signet-configuration-XXXXXX\0".utf8CString.dropLast())
  let file = mkstemp(&template)
  precondition(file >= 0)
  let path = template.withUnsafeBufferPointer { buffer in buffer.baseAddress.map { String(cString: $0) } ?? "" }
  defer { unlink(path) }
  var rest = bytes[...]
  while !rest.isEmpty {
    let count = rest.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
    precondition(count > 0)
    rest = rest.dropFirst(count)
  }
  close(file)
  return try body(path)
}

func loadText(_ text: String, environment: [String: String] = [:], flags: [(key: String, value: String)] = [])
  throws -> Loaded
{
  try withFile(Array(text.utf8)) { try load(file: $0, environment: environment, flags: flags) }
}

/// The error's one line for a file with this text, the file called F; "good" when there is none.
func error(_ text: String) -> String { error(Array(text.utf8)) }

func error(_ bytes: [UInt8]) -> String {
  var name = ""
  do {
    _ = try withFile(bytes) { path in
      name = path
      return try load(file: path)
    }
    return "good"
  } catch {
    return "\(error)".replacing(name, with: "F")
  }
}

/// The error's one line for these variables and flags; "good" when there is none.
func error(environment: [String: String] = [:], flags: [(key: String, value: String)] = []) -> String {
  do {
    _ = try load(environment: environment, flags: flags)
    return "good"
  } catch {
    return "\(error)"
  }
}
