// What commands read: arguments that may stand elsewhere, standard input, files.

import Glibc

/// Arguments which may stand elsewhere, so that a secret isn't seen in the list of processes.
enum Input {
  /// Bytes that are read at most; more are refused.
  static let limit = 1 << 20

  /// The argument itself, standard input for `-`, a file for `@FILE`; without white space around it.
  static func text(_ argument: String) throws -> String {
    guard argument == "-" || argument.hasPrefix("@") else { return argument }
    let isSpace: (UInt8) -> Bool = { $0 == 0x20 || (0x09...0x0d).contains($0) }
    let trimmed = try bytes(argument).drop(while: isSpace).reversed().drop(while: isSpace).reversed()
    return String(decoding: Array(trimmed), as: UTF8.self)
  }

  /// All of standard input for `-`, of a file for `@FILE`.
  static func bytes(_ argument: String) throws -> [UInt8] {
    let path = argument == "-" ? "standard input" : String(argument.dropFirst())
    let descriptor = argument == "-" ? 0 : open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure(path) }
    defer { if descriptor > 0 { close(descriptor) } }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = read(descriptor, &buffer, buffer.count)
      if count == 0 { return bytes }
      guard count > 0 else {
        if errno == EINTR { continue }
        throw failure(path)
      }
      bytes += buffer[..<count]
      guard bytes.count <= limit else { throw CommandFailure.failed("\(path) is larger than 1 MiB") }
    }
  }

  private static func failure(_ path: String) -> CommandFailure {
    .failed("\(path) can't be read: \(String(cString: strerror(errno)))")
  }
}
