// Reads small files whole, bounded, without Foundation.

import Glibc

enum FileText {
  /// Why a file could not be read.
  enum Failure: Error {
    case system(Int32)
    case tooLarge
  }

  /// All bytes of the file; `limit` at most.
  static func read(_ path: String, limit: Int) throws(Failure) -> [UInt8] {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw .system(errno) }
    defer { close(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 16_384)
    while true {
      let count = Glibc.read(file, &buffer, buffer.count)
      if count == 0 { return bytes }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw .system(errno) }
      bytes += buffer.prefix(count)
      if bytes.count > limit { throw .tooLarge }
    }
  }

  /// The reason in words.
  static func reason(_ failure: Failure, limit: Int) -> String {
    switch failure {
    case .tooLarge: "it is larger than \(limit) bytes"
    case .system(let code): String(cString: strerror(code))
    }
  }
}
