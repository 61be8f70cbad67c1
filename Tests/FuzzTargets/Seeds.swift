// Inputs worth starting from: what RFCs and published probes show, and whatever was once found by fuzzing.
//
// One file a target, `Seeds/NAME.json`: an array of objects with `name` and `bytes`, a character from U+0000 to U+00FF for
// each byte. They are read from the source tree, since only developers run this.

#if DEBUG || FUZZING
import FoundationEssentials
import JSON

/// An input that is kept.
package struct Seed: Sendable {
  package let name: String
  package let bytes: [UInt8]

  /// An input that is to be kept.
  package init(name: String, bytes: [UInt8]) { (self.name, self.bytes) = (name, bytes) }

  /// The seed as it stands in a file of seeds.
  package var line: String {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("name", name)
    writer.member("bytes", String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) })))
    writer.endObject()
    return String(decoding: writer.bytes, as: UTF8.self)
  }

  private static let folder = "\(#filePath)".split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 } + "/Seeds"

  /// The seeds of a target; throws when the file is missing or malformed.
  package static func all(of target: FuzzTarget) throws -> [Seed] {
    let path = "\(folder)/\(target.name).json"
    guard let data = FileManager.default.contents(atPath: path) else { throw Broken("cannot read \(path)") }
    guard let cases = try JSONValue.parse([UInt8](data), size: 8 << 20).array else { throw Broken("\(path): no array") }
    return try cases.map { one in
      guard let name = one["name"]?.string, let text = one["bytes"]?.string else {
        throw Broken("\(path): a case without name or bytes")
      }
      let bytes = text.unicodeScalars.map { UInt8(exactly: $0.value) }
      guard !bytes.contains(nil) else { throw Broken("\(path): \(name) has a character beyond U+00FF") }
      return Seed(name: name, bytes: bytes.compactMap { $0 })
    }
  }
}
#endif
