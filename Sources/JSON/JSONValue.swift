// A JSON text as a value, for what is signed or decides something: JOSE headers, claims, keys.
//
// Members keep their order and an object is an array of them: objects here are small, and a dictionary would compare
// names by Unicode equivalence ("K" and the Kelvin sign) where JSON compares code points (RFC 8259 8.3).
// The arrays are the indirection which the recursive type needs, so scalar values cost no allocation of their own.

/// Any JSON value.
package enum JSONValue: Sendable, Equatable {
  case null
  case bool(Bool)
  /// A number written without fraction and exponent; one beyond 64 bits is refused, not rounded.
  case integer(Int64)
  /// A number written with a fraction or an exponent; finite.
  case number(Double)
  case string(String)
  case array([JSONValue])
  /// Members in the order of the text; when parsed, no name occurs twice.
  case object([JSONMember])
}

/// One member of an object.
package struct JSONMember: Sendable, Equatable {
  package var name: String
  package var value: JSONValue

  package init(_ name: String, _ value: JSONValue) {
    self.name = name
    self.value = value
  }
}

extension JSONValue {
  /// The largest text that `parse` takes unless told otherwise, in bytes.
  package static let defaultSize = 1 << 20

  /// Parses a whole text of at most `size` bytes and `depth` levels of arrays and objects (RFC 8259, strictly).
  package static func parse(
    _ bytes: [UInt8], depth: Int = 32, size: Int = defaultSize
  ) throws(JSONError) -> JSONValue {
    try unsafe bytes.withUnsafeBufferPointer { buffer throws(JSONError) in
      try unsafe parse(UnsafeRawBufferPointer(buffer), depth: depth, size: size)
    }
  }

  /// Parses a whole text of at most `size` bytes and `depth` levels of arrays and objects (RFC 8259, strictly).
  package static func parse(
    _ bytes: UnsafeRawBufferPointer, depth: Int = 32, size: Int = defaultSize
  ) throws(JSONError) -> JSONValue {
    var reader = try unsafe JSONReader(bytes, depth: depth, size: size)
    let value = try reader.value()
    try reader.finish()
    return value
  }

  /// The member's value, when this is an object which has it.
  package subscript(_ name: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members.first { sameBytes($0.name, name) }?.value
  }

  /// The string, when this is one.
  package var string: String? { if case .string(let string) = self { string } else { nil } }

  /// The integer, when this is one.
  package var integer: Int64? { if case .integer(let integer) = self { integer } else { nil } }

  /// The number, when this is one of either kind.
  package var number: Double? {
    switch self {
    case .integer(let integer): Double(integer)
    case .number(let number): number
    default: nil
    }
  }

  /// The truth value, when this is one.
  package var bool: Bool? { if case .bool(let bool) = self { bool } else { nil } }

  /// The elements, when this is an array.
  package var array: [JSONValue]? { if case .array(let array) = self { array } else { nil } }

  /// The members, when this is an object.
  package var object: [JSONMember]? { if case .object(let object) = self { object } else { nil } }
}

/// Whether two strings are the same code points: Swift's `==` also equates canonically equivalent ones.
func sameBytes(_ one: String, _ other: String) -> Bool {
  one.utf8.count == other.utf8.count && one.utf8.elementsEqual(other.utf8)
}
