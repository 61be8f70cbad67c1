// The passphrase of an exported key: from a file, standard input or a person, never an argument, which others can read.

import Glibc
import OpenSSL

/// A passphrase.
struct Passphrase {
  private(set) var bytes: [UInt8]

  /// Whoever has the file can try as fast as a machine can: shorter ones would be found.
  static let least = 12
  static let most = 1024

  /// Reads it.
  /// - Parameter file: a path, `-` for standard input, nil to ask at the terminal.
  static func read(_ file: String?) throws -> Passphrase {
    let text =
      if let file {
        try Input.text(file == "-" ? "-" : "@" + file)
      } else {
        try PasswordPrompt.ask("passphrase", option: "--passphrase-file FILE")
      }
    let bytes = Array(text.utf8)
    guard (least...most).contains(bytes.count) else {
      throw CommandFailure.usage("the passphrase must have \(least) to \(most) bytes; give a longer one")
    }
    return Passphrase(bytes: bytes)
  }

  /// Overwrites it.
  mutating func wipe() { OpenSSL.wipe(&bytes) }
}
