// The value of a claim that this module knows nothing of, in plain Swift types.

import JSON

/// Any JSON value.
public indirect enum ClaimValue: Sendable, Equatable {
  case null
  case bool(Bool)
  /// A number written without fraction and exponent.
  case integer(Int64)
  /// Any other number.
  case number(Double)
  case string(String)
  case array([ClaimValue])
  /// The members in the order of the token; no name occurs twice.
  case object([(name: String, value: ClaimValue)])

  /// The string, when this is one.
  public var string: String? { if case .string(let value) = self { value } else { nil } }

  /// The integer, when this is one.
  public var integer: Int64? { if case .integer(let value) = self { value } else { nil } }

  /// The truth value, when this is one.
  public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }

  /// The elements, when this is an array.
  public var array: [ClaimValue]? { if case .array(let value) = self { value } else { nil } }

  /// The number, when this is one of either kind.
  public var number: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }

  /// The value of a member, byte for byte of that name, when this is an object which has it.
  public subscript(_ name: String) -> ClaimValue? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.name.utf8.elementsEqual(name.utf8) }?.value
  }

  /// Whether both are the same value, strings and names byte for byte.
  public static func == (one: ClaimValue, other: ClaimValue) -> Bool {
    switch (one, other) {
    case (.null, .null): true
    case (.bool(let a), .bool(let b)): a == b
    case (.integer(let a), .integer(let b)): a == b
    case (.number(let a), .number(let b)): a == b
    case (.string(let a), .string(let b)): a.utf8.elementsEqual(b.utf8)
    case (.array(let a), .array(let b)): a == b
    case (.object(let a), .object(let b)): a.elementsEqual(b) { $0.name.utf8.elementsEqual($1.name.utf8) && $0 == $1 }
    default: false
    }
  }
}

extension ClaimValue {
  init(_ value: JSONValue) {
    switch value {
    case .null: self = .null
    case .bool(let value): self = .bool(value)
    case .integer(let value): self = .integer(value)
    case .number(let value): self = .number(value)
    case .string(let value): self = .string(value)
    case .array(let values): self = .array(values.map(ClaimValue.init))
    case .object(let members): self = .object(members.map { ($0.name, ClaimValue($0.value)) })
    }
  }
}
