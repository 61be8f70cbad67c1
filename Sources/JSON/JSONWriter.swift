// JSON appended to a buffer which its owner reuses. One flag suffices for the commas: whether a value ended just before.
//
// It does not check that brackets match or names are unique: callers write fixed shapes.

/// Writes JSON text into `bytes`.
package struct JSONWriter {
  /// What was written, after whatever the buffer held before.
  package var bytes: [UInt8]
  private var needsComma = false

  /// Appends to `bytes`, an empty buffer unless given.
  package init(_ bytes: [UInt8] = []) { self.bytes = bytes }

  /// Empties the buffer, keeping its memory.
  package mutating func reset() {
    bytes.removeAll(keepingCapacity: true)
    needsComma = false
  }

  /// Opens an object, which `endObject` closes.
  package mutating func beginObject() { begin(UInt8(ascii: "{")) }
  /// Closes the open object.
  package mutating func endObject() { end(UInt8(ascii: "}")) }
  /// Opens an array, which `endArray` closes.
  package mutating func beginArray() { begin(UInt8(ascii: "[")) }
  /// Closes the open array.
  package mutating func endArray() { end(UInt8(ascii: "]")) }

  private mutating func begin(_ bracket: UInt8) {
    separate()
    bytes.append(bracket)
    needsComma = false
  }

  private mutating func end(_ bracket: UInt8) {
    bytes.append(bracket)
    needsComma = true
  }

  private mutating func separate() {
    if needsComma { bytes.append(UInt8(ascii: ",")) }
    needsComma = true
  }

  /// Writes a member's name; its value must follow.
  package mutating func name(_ name: StaticString) {
    separate()
    name.withUTF8Buffer { unsafe appendString($0) }
    endName()
  }

  /// Writes a member's name; its value must follow.
  @_disfavoredOverload package mutating func name(_ name: String) {
    separate()
    appendString(name)
    endName()
  }

  /// Writes a member's name that its caller has as JSON already, `"name":`; its value must follow.
  package mutating func name(encoded: [UInt8]) {
    separate()
    bytes.append(contentsOf: encoded)
    needsComma = false
  }

  /// Writes a string of characters that JSON takes as they are (ASCII but for quote, backslash and control characters).
  package mutating func value(text: [UInt8]) {
    separate()
    bytes.append(UInt8(ascii: "\""))
    bytes.append(contentsOf: text)
    bytes.append(UInt8(ascii: "\""))
  }

  /// Writes a value that its caller has as JSON already.
  package mutating func value(encoded: [UInt8]) {
    separate()
    bytes.append(contentsOf: encoded)
  }

  /// Writes a value that its caller has as JSON already.
  package mutating func value(encoded: String) {
    separate()
    bytes.append(contentsOf: encoded.utf8)
  }

  private mutating func endName() {
    bytes.append(UInt8(ascii: ":"))
    needsComma = false
  }

  package mutating func value(_ value: String) {
    separate()
    appendString(value)
  }

  package mutating func value(_ value: Int) { self.value(Int64(value)) }

  package mutating func value(_ value: Int64) {
    separate()
    appendInteger(value)
  }

  /// Writes a number; null for one that is not finite, since JSON has no word for it.
  package mutating func value(_ value: Double) {
    separate()
    bytes.append(contentsOf: (value.isFinite ? value.description : "null").utf8)
  }

  package mutating func value(_ value: Bool) {
    separate()
    bytes.append(contentsOf: (value ? "true" : "false").utf8)
  }

  package mutating func value(_ values: [String]) {
    beginArray()
    for value in values { self.value(value) }
    endArray()
  }

  /// Writes null.
  package mutating func null() {
    separate()
    bytes.append(contentsOf: "null".utf8)
  }
}
