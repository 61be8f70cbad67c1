// A member in one call, for each type of value; and whole values.

extension JSONWriter {
  /// Writes a member of the open object: its name and value.
  package mutating func member(_ name: StaticString, _ value: String) {
    self.name(name)
    self.value(value)
  }

  package mutating func member(_ name: StaticString, _ value: Int) {
    self.name(name)
    self.value(value)
  }

  package mutating func member(_ name: StaticString, _ value: Int64) {
    self.name(name)
    self.value(value)
  }

  package mutating func member(_ name: StaticString, _ value: Double) {
    self.name(name)
    self.value(value)
  }

  package mutating func member(_ name: StaticString, _ value: Bool) {
    self.name(name)
    self.value(value)
  }

  package mutating func member(_ name: StaticString, _ values: [String]) {
    self.name(name)
    self.value(values)
  }

  package mutating func member(_ name: StaticString, _ value: JSONValue) {
    self.name(name)
    value.write(into: &self)
  }

  @_disfavoredOverload package mutating func member(_ name: String, _ value: String) {
    self.name(name)
    self.value(value)
  }

  @_disfavoredOverload package mutating func member(_ name: String, _ value: Int) {
    self.name(name)
    self.value(value)
  }

  @_disfavoredOverload package mutating func member(_ name: String, _ value: Bool) {
    self.name(name)
    self.value(value)
  }

  @_disfavoredOverload package mutating func member(_ name: String, _ values: [String]) {
    self.name(name)
    self.value(values)
  }

  @_disfavoredOverload package mutating func member(_ name: String, _ value: JSONValue) {
    self.name(name)
    value.write(into: &self)
  }
}

extension JSONValue {
  /// Appends the value's text, without white space.
  package func write(into writer: inout JSONWriter) {
    switch self {
    case .null: writer.null()
    case .bool(let bool): writer.value(bool)
    case .integer(let integer): writer.value(integer)
    case .number(let number): writer.value(number)
    case .string(let string): writer.value(string)
    case .array(let elements):
      writer.beginArray()
      for element in elements { element.write(into: &writer) }
      writer.endArray()
    case .object(let members):
      writer.beginObject()
      for member in members { writer.member(member.name, member.value) }
      writer.endObject()
    }
  }
}
