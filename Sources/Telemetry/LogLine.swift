// One log event as bytes: a JSON object for machines, or a line for people.
//
// Whatever a message or a value holds, the result is one line: control characters are escaped in both forms, so nobody
// can forge a line or steer a terminal through what is logged.

package import Logging

/// Writes log lines; it keeps nothing.
package enum LogLine {
  /// The members every line has; metadata of the same name gets a `_` appended.
  private static let own: Set<String> = ["time", "level", "msg", "logger"]

  /// `{"time":…,"level":…,"msg":…,"logger":…, metadata}`, the metadata sorted by name, with a line feed.
  package static func json(
    time: LogTime, level: Logger.Level, message: String, logger: String?, metadata: Logger.Metadata
  ) -> [UInt8] {
    var out = JSONText()
    out.raw("{\"time\":\"\(time.text)\",\"level\":\"\(level.rawValue)\",\"msg\":")
    out.string(message)
    if let logger {
      out.raw(",\"logger\":")
      out.string(logger)
    }
    for (name, value) in metadata.sorted(by: { $0.key < $1.key }) {
      out.raw(",")
      out.string(own.contains(name) ? name + "_" : name)
      out.raw(":")
      out.value(value)
    }
    out.raw("}\n")
    return out.bytes
  }

  /// `TIME LEVEL [logger] message name=value …`, with a line feed.
  package static func text(
    time: LogTime, level: Logger.Level, message: String, logger: String?, metadata: Logger.Metadata
  ) -> [UInt8] {
    var line = "\(time.text) \(level.rawValue.uppercased()) "
    if let logger { line += "[\(printable(logger))] " }
    line += printable(message)
    for (name, value) in metadata.sorted(by: { $0.key < $1.key }) {
      line += " \(printable(name))=\(quoted(value))"
    }
    return Array((line + "\n").utf8)
  }

  /// The line of a ring that has lost `count` lines.
  package static func dropped(_ count: Int) -> [UInt8] {
    json(
      time: .now(), level: .warning, message: "log lines dropped: the log could not be written as fast as it grew",
      logger: nil, metadata: ["dropped": .stringConvertible(count)])
  }

  private static func quoted(_ value: Logger.MetadataValue) -> String {
    switch value {
    case .string(let text) where isPlain(text): return text
    case .stringConvertible(let value) where isPlain(value.description): return value.description
    default:
      var out = JSONText()
      out.value(value)
      return printable(String(decoding: out.bytes, as: UTF8.self))
    }
  }

  private static func isPlain(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") }
  }

  /// Control characters, C1 and the separators that some viewers break lines at, escaped.
  private static func printable(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar.value {
      case 0..<0x20, 0x7F..<0xA0, 0x2028, 0x2029, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069:
        result += "\\u{\(String(scalar.value, radix: 16))}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}

/// JSON under construction (RFC 8259).
private struct JSONText {
  private(set) var bytes: [UInt8] = []

  init() { bytes.reserveCapacity(256) }

  mutating func raw(_ text: String) { bytes.append(contentsOf: text.utf8) }

  mutating func string(_ text: String) {
    bytes.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""): raw("\\\"")
      case UInt8(ascii: "\\"): raw("\\\\")
      case 0x0A: raw("\\n")
      case 0x0D: raw("\\r")
      case 0x09: raw("\\t")
      case 0..<0x20, 0x7F: raw("\\u00" + (byte < 0x10 ? "0" : "") + String(byte, radix: 16))
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }

  mutating func value(_ value: Logger.MetadataValue) {
    switch value {
    case .string(let text): string(text)
    case .stringConvertible(let number as Int): raw("\(number)")
    case .stringConvertible(let flag as Bool): raw("\(flag)")
    case .stringConvertible(let other): string(other.description)
    case .array(let values):
      list("[", values, "]") { $0.value($1) }
    case .dictionary(let members):
      list("{", members.sorted { $0.key < $1.key }, "}") { out, member in
        out.string(member.key)
        out.raw(":")
        out.value(member.value)
      }
    @unknown default: string("\(value)")
    }
  }

  private mutating func list<Element>(
    _ open: String, _ elements: [Element], _ close: String, each: (inout JSONText, Element) -> Void
  ) {
    raw(open)
    for (index, element) in elements.enumerated() {
      if index > 0 { raw(",") }
      each(&self, element)
    }
    raw(close)
  }
}
