// JSON texts: read as a tree, member by member, as a request's body, after being written anew, and by another reader.
//
// What is taken here any reader of RFC 8259 must take and understand in the same way; Foundation's is the other one.

#if DEBUG || FUZZING
@testable import API
import FoundationEssentials
import JSON

extension FuzzTarget {
  /// JSON texts of every kind.
  static let json = FuzzTarget(name: "json", longest: 2048) { bytes in
    let tree = JSONOutcome { () throws(JSONError) in try JSONValue.parse(bytes, depth: 16) }
    try checkMembers(bytes, tree)
    try checkRequest(bytes, tree)
    guard case .value(let value) = tree else {
      if case .refused(let error) = tree {
        try check((0...bytes.count).contains(error.offset), "the error lies at byte \(error.offset)")
      }
      return
    }
    try check(depth(value) <= 16, "nested deeper than was allowed")
    var writer = JSONWriter()
    value.write(into: &writer)
    let again = JSONOutcome { () throws(JSONError) in try JSONValue.parse(writer.bytes, depth: 16) }
    try check(again == tree, "written anew: \(shown(writer.bytes))")
    // Foundation refuses a number too small for a double, which is zero here.
    if !hasTinyNumber(value) { try checkElsewhere(bytes, value) }
  }

  /// The puller of members must say what the tree says.
  private static func checkMembers(_ bytes: UnsafeRawBufferPointer, _ tree: JSONOutcome) throws {
    let pulled = JSONOutcome { () throws(JSONError) in
      var reader = try JSONObjectReader(bytes, depth: 16)
      var members: [JSONMember] = []
      while let member = try reader.next() { members.append(member) }
      return .object(members)
    }
    if case .refused(let error) = pulled, error.cause == .notAnObject {
      if case .value(let value) = tree { try check(value.object == nil, "an object wasn't taken for one") }
    } else {
      try check(pulled == tree, "member by member: \(pulled); whole: \(tree)")
    }
  }

  /// A body is taken when it is an object, and gives the members that the tree has.
  private static func checkRequest(_ bytes: UnsafeRawBufferPointer, _ tree: JSONOutcome) throws {
    try SampleExchange.with(body: bytes, type: "application/json") { exchange in
      let body = try? RequestBody(exchange)
      let full = JSONOutcome { () throws(JSONError) in try JSONValue.parse(bytes) }
      guard case .value(let value) = full, let members = value.object else {
        return try check(body == nil || bytes.isEmpty, "a body was taken which is no object")
      }
      guard let body else { throw Broken("a body wasn't taken which is an object") }
      for member in members {
        let text = try? body.string(member.name)
        try check(text.map { Array($0.utf8) } == member.value.string.map { Array($0.utf8) }, "another string")
        let flag = try? body.flag(member.name)
        try check(flag == (member.value == .null ? false : member.value.bool), "another flag")
      }
    }
  }

  private static func checkElsewhere(_ bytes: UnsafeRawBufferPointer, _ value: JSONValue) throws {
    do {
      let other = try JSONDecoder().decode(Elsewhere.self, from: Data(bytes))
      try check(other.agrees(with: value), "understood otherwise: \(value)")
    } catch let error as DecodingError {
      throw Broken("refused elsewhere: \(error)")
    }
  }

  private static func hasTinyNumber(_ value: JSONValue) -> Bool {
    switch value {
    case .number(let number): abs(number) < .leastNormalMagnitude
    case .array(let elements): elements.contains(where: hasTinyNumber)
    case .object(let members): members.contains { hasTinyNumber($0.value) }
    default: false
    }
  }

  private static func depth(_ value: JSONValue) -> Int {
    switch value {
    case .array(let elements): 1 + (elements.map(depth).max() ?? 0)
    case .object(let members): 1 + (members.map { depth($0.value) }.max() ?? 0)
    default: 0
    }
  }
}

/// A value or why there is none.
private enum JSONOutcome: Equatable {
  case value(JSONValue)
  case refused(JSONError)

  init(_ body: () throws(JSONError) -> JSONValue) {
    do {
      self = .value(try body())
    } catch {
      self = .refused(error)
    }
  }
}

/// A value as Foundation reads it.
private enum Elsewhere: Decodable {
  case null
  case bool(Bool)
  case number(Double)
  case string(String)
  case array([Elsewhere])
  case object([String: Elsewhere])

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let bool = try? container.decode(Bool.self) {
      self = .bool(bool)
    } else if let string = try? container.decode(String.self) {
      self = .string(string)
    } else if let number = try? container.decode(Double.self) {
      self = .number(number)
    } else if let array = try? container.decode([Elsewhere].self) {
      self = .array(array)
    } else {
      self = .object(try container.decode([String: Elsewhere].self))
    }
  }

  func agrees(with value: JSONValue) -> Bool {
    switch (self, value) {
    case (.null, .null): true
    case (.bool(let one), .bool(let other)): one == other
    case (.number(let one), .integer(let other)): one == Double(other)
    case (.number(let one), .number(let other)): one == other
    case (.string(let one), .string(let other)): one.utf8.elementsEqual(other.utf8)
    case (.array(let one), .array(let other)):
      one.count == other.count && zip(one, other).allSatisfy { $0.agrees(with: $1) }
    // Names that are canonically equivalent are one in a dictionary.
    case (.object(let one), .object(let other)):
      Set(other.map(\.name)).count != other.count
        || one.count == other.count && other.allSatisfy { one[$0.name]?.agrees(with: $0.value) == true }
    default: false
    }
  }
}
#endif
