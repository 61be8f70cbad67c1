// Lists on standard output: columns for people, JSON for programs.

import Glibc
import Identity
import JSON

/// A list to be printed.
struct Table {
  let columns: [String]
  var rows: [[JSONValue]] = []

  /// Prints the rows, as an array of objects when `json` is wanted.
  func print(json: Bool) {
    Output.line(json ? text(asJSON) : columnsText)
  }

  /// Prints each row as lines of its own, a column each: for rows that are too wide.
  func printDown() {
    let width = columns.map(\.count).max() ?? 0
    let rows = rows.map { row in
      zip(columns, row).map { column, value in
        column + String(repeating: " ", count: width - column.count) + "  " + Self.cell(value)
      }.joined(separator: "\n")
    }
    Output.line(rows.joined(separator: "\n\n"))
  }

  private var asJSON: JSONValue {
    .array(rows.map { row in .object(zip(columns, row).map { JSONMember($0, $1) }) })
  }

  private var columnsText: String {
    let cells = [columns.map { $0.uppercased() }] + rows.map { $0.map(Self.cell) }
    let widths = columns.indices.map { column in cells.map { $0[column].count }.max() ?? 0 }
    return cells.map { row in
      zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }.joined(separator: "  ")
        .trimmingTrailingSpaces
    }.joined(separator: "\n")
  }

  private func text(_ value: JSONValue) -> String { Output.text(value) }

  private static func cell(_ value: JSONValue) -> String {
    switch value {
    case .null: "-"
    // Names and labels that others chose must not steer the terminal, nor look like further rows.
    case .string(let text): Label.text(text, limit: .max)
    case .integer(let number): String(number)
    case .bool(let flag): flag ? "yes" : "no"
    case .array(let values): values.isEmpty ? "-" : values.map(cell).joined(separator: ",")
    case .number, .object: Output.text(value)
    }
  }
}

/// Standard output, a line at a time.
enum Output {
  /// Prints a line, whole and at once, to standard output or another descriptor.
  static func line(_ text: String, to descriptor: Int32 = 1) {
    bytes(Array((text + "\n").utf8), to: descriptor)
  }

  /// Prints bytes as they are.
  static func bytes(_ bytes: [UInt8], to descriptor: Int32 = 1) {
    var bytes = bytes[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
      guard count > 0 || errno == EINTR else { return }
      bytes = bytes.dropFirst(max(0, count))
    }
  }

  /// A value as JSON text.
  static func text(_ value: JSONValue) -> String {
    var writer = JSONWriter()
    value.write(into: &writer)
    return String(decoding: writer.bytes, as: UTF8.self)
  }

  /// Prints what was done: a sentence for people, or an object for programs.
  static func done(_ sentence: String, _ members: [JSONMember], json: Bool) {
    line(json ? text(.object(members)) : sentence)
  }
}

extension String {
  fileprivate var trimmingTrailingSpaces: String {
    var text = self
    while text.last == " " { text.removeLast() }
    return text
  }
}

extension JSONValue {
  /// A text, or null.
  init(_ text: String?) { self = text.map(JSONValue.string) ?? .null }
}
