// Request bodies as typed members: JSON for Signet's own API, forms for the RFCs' endpoints.
//
// A wrong type is refused and names the member; unknown members are ignored. Values are never quoted back.

import HTTPServer
import Identity
import JSON

/// The members of a JSON request body.
struct RequestBody {
  private let object: JSONValue

  /// Reads the body as a JSON object; an empty body is an empty object.
  init(_ exchange: Exchange) throws(Refusal) {
    guard exchange.bodyLength > 0 else {
      object = .object([])
      return
    }
    guard mediaType(of: exchange) == "application/json" else {
      throw Refusal(.unsupportedMediaType("application/json"), cause: "media_type")
    }
    do throws(JSONError) {
      object = try exchange.withBody { (bytes) throws(JSONError) in try JSONValue.parse(bytes) }
    } catch {
      throw Refusal(.invalidRequest("the body isn't JSON that can be read: \(error)"), cause: "json")
    }
    guard object.object != nil else { throw Refusal(.invalidRequest("the body must be a JSON object"), cause: "json") }
  }

  /// All of them, for bodies whose members aren't read one by one.
  var members: [JSONMember] { object.object ?? [] }

  /// A whole number; nil when absent or null.
  func optionalInteger(_ name: String) throws(Refusal) -> Int64? {
    guard let value = object[name], value != .null else { return nil }
    guard let integer = value.integer else {
      throw Refusal(.invalidRequest("member \(name) must be a whole number"), cause: "type_\(name)")
    }
    return integer
  }

  /// A member which must be there, as a string.
  func string(_ name: String) throws(Refusal) -> String {
    guard let value = try optionalString(name) else { throw Self.missing(name) }
    return value
  }

  /// The refusal of a body without a member that must be there.
  static func missing(_ name: String) -> Refusal {
    Refusal(.invalidRequest("member \(name) is missing"), cause: "missing_\(name)")
  }

  /// A string member; nil when absent or null.
  func optionalString(_ name: String) throws(Refusal) -> String? {
    guard let value = object[name], value != .null else { return nil }
    guard let string = value.string else {
      throw Refusal(.invalidRequest("member \(name) must be a string"), cause: "type_\(name)")
    }
    return string
  }

  /// A boolean member; false when absent or null.
  func flag(_ name: String) throws(Refusal) -> Bool {
    guard let value = object[name], value != .null else { return false }
    guard let flag = value.bool else {
      throw Refusal(.invalidRequest("member \(name) must be true or false"), cause: "type_\(name)")
    }
    return flag
  }
}

/// The media type without its parameters, in lower case; empty when there is none.
func mediaType(of exchange: Exchange) -> String {
  let field = exchange.field(.contentType) ?? ""
  let type = field.prefix { $0 != ";" }
  return type.lowercased().filter { $0 != " " && $0 != "\t" }
}
