// Files, environment, other programs and JSON texts, as far as the tests here need them.

import Glibc
import JSON

/// The folder of Package.swift.
let packageRoot = String(#filePath.dropLast("/Tests/JOSETests/System.swift".count))

func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

func readFile(_ path: String) -> [UInt8]? {
  guard let file = fopen(path, "r") else { return nil }
  defer { fclose(file) }
  return readAll(file)
}

func writeFile(_ path: String, _ bytes: [UInt8]) {
  guard let file = fopen(path, "w") else { return }
  fwrite(bytes, 1, bytes.count, file)
  fclose(file)
}

/// Runs a shell command; its output, and whether it exited with 0.
func run(_ command: String) -> (output: String, succeeded: Bool) {
  guard let pipe = popen(command + " 2>&1", "r") else { return ("", false) }
  let output = readAll(pipe)
  return (String(decoding: output, as: UTF8.self), pclose(pipe) == 0)
}

/// Calls `body` with a new folder, which is removed afterwards.
func withFolder(_ body: (String) throws -> Void) rethrows {
  var template = Array("/tmp/signet-jose-XXXXXX".utf8CString)
  guard let path = mkdtemp(&template) else { return }
  let folder = String(cString: path)
  defer { _ = run("rm -r '\(folder)'") }
  try body(folder)
}

private func readAll(_ file: UnsafeMutablePointer<FILE>) -> [UInt8] {
  var bytes: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 1 << 16)
  while true {
    let count = fread(&buffer, 1, buffer.count, file)
    guard count > 0 else { return bytes }
    bytes += buffer[..<count]
  }
}

func parse(_ text: String) throws -> JSONValue { try JSONValue.parse(Array(text.utf8)) }
func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
