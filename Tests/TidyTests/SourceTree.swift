// The repository's files as the tidy tests see them: read once, searched as bytes, because a search through `String` would
// make these the slowest tests of all.

import FoundationEssentials
import Glibc

/// A text file, its path relative to the repository's top.
struct SourceFile: Sendable {
  let path: String
  let bytes: [UInt8]
  let lines: [String]

  init(path: String, bytes: [UInt8]) {
    self.path = path
    self.bytes = bytes
    lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      .map { String(decoding: $0, as: UTF8.self) }
  }

  var isSwift: Bool { path.hasSuffix(".swift") }

  /// The module whose folder under Sources (or migrations) holds the file.
  var module: String {
    let parts = path.split(separator: "/")
    return parts.first == "migrations" ? "SQLiteMigrations" : parts.count > 2 ? String(parts[1]) : ""
  }

  /// Where `text` stands, as "path:line"; with `asWord` only where no letter, digit or underscore touches it.
  func places(of text: String, asWord: Bool = false) -> [String] {
    let needle = Array(text.utf8)
    var found: [String] = []
    var start = 0
    while let offset = offset(of: needle, from: start) {
      start = offset + needle.count
      let touched = (offset > 0 && Self.isWord(bytes[offset - 1])) || (start < bytes.count && Self.isWord(bytes[start]))
      if !(asWord && touched) { found.append("\(path):\(line(at: offset))") }
    }
    return found
  }

  /// The number, from 1, of the line which holds this byte.
  func line(at offset: Int) -> Int { bytes[..<offset].count { $0 == UInt8(ascii: "\n") } + 1 }

  private func offset(of needle: [UInt8], from start: Int) -> Int? {
    bytes.withUnsafeBytes { buffer in
      guard let base = buffer.baseAddress else { return nil }
      var start = start
      while start + needle.count <= buffer.count {
        guard let first = memchr(base + start, Int32(needle[0]), buffer.count - start - needle.count + 1) else {
          return nil
        }
        if memcmp(first, needle, needle.count) == 0 { return UnsafeRawPointer(first) - base }
        start = UnsafeRawPointer(first) - base + 1
      }
      return nil
    }
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "_") || (byte >= 48 && byte <= 57) || (byte | 32 >= 97 && byte | 32 <= 122)
  }
}

enum SourceTree {
  /// The repository's top, two folders above this one.
  static let top = #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 }
  static let sources = read("Sources") + read("migrations")
  static let tests = read("Tests")
  static let swiftSources = sources.filter(\.isSwift)
  static let package = SourceFile(
    path: "Package.swift", bytes: FileManager.default.contents(atPath: top + "/Package.swift").map { [UInt8]($0) } ?? []
  )

  static func entries(of folder: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: top + "/" + folder)) ?? []).sorted()
  }

  /// The text files under a folder; data which tests read is none of ours to format.
  private static func read(_ folder: String) -> [SourceFile] {
    let kinds = ["swift", "h", "modulemap", "sql", "sh", "py", "yaml", "yml"]
    return entries(of: folder).flatMap { name -> [SourceFile] in
      let path = folder + "/" + name
      if kinds.contains(where: { name.hasSuffix("." + $0) }) {
        guard let data = FileManager.default.contents(atPath: top + "/" + path) else { return [] }
        return [SourceFile(path: path, bytes: [UInt8](data))]
      }
      return name.contains(".") ? [] : read(path)
    }
  }
}
