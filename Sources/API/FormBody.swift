// application/x-www-form-urlencoded, as RFC 6749 appendix B has it: UTF-8, each parameter at most once.

import HTTPServer
import Identity

/// The parameters of a form.
struct FormBody {
  private var parameters: [String: String] = [:]

  /// Parameters a form may have.
  private static let limit = 64

  init(_ exchange: Exchange) throws(Refusal) {
    guard mediaType(of: exchange) == "application/x-www-form-urlencoded" else {
      throw Refusal(.unsupportedMediaType("application/x-www-form-urlencoded"), cause: "media_type")
    }
    let bytes = exchange.withBody { [UInt8]($0) }
    let pairs = bytes.split(separator: UInt8(ascii: "&"))
    guard pairs.count <= Self.limit else { throw Self.malformed("the form has more than \(Self.limit) parameters") }
    for pair in pairs {
      let parts = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = Self.decode(parts[0]), let value = parts.count == 1 ? "" : Self.decode(parts[1]) else {
        throw Self.malformed("the form isn't percent-encoded UTF-8")
      }
      // RFC 6749 section 3.2: no parameter more than once.
      guard parameters[name] == nil else { throw Self.malformed("a parameter stands in the form twice") }
      parameters[name] = value
    }
  }

  /// For a request without a body: one with this parameter alone.
  init(clientID: String?) { parameters["client_id"] = clientID }

  /// A parameter; nil when absent or empty (RFC 6749 section 3.2).
  subscript(_ name: String) -> String? {
    guard let value = parameters[name], !value.isEmpty else { return nil }
    return value
  }

  /// A parameter which must be there.
  func required(_ name: String) throws(Refusal) -> String {
    guard let value = self[name] else {
      throw Refusal(.invalidRequest("parameter \(name) is missing"), cause: "missing_\(name)")
    }
    return value
  }

  /// The audience asked for: `resource` (RFC 8707 section 2), or Signet's `audience`.
  func audience() throws(Refusal) -> String? {
    guard let resource = self["resource"] else { return self["audience"] }
    guard self["audience"].map({ $0.utf8.elementsEqual(resource.utf8) }) ?? true else {
      throw Refusal(.invalidTarget, cause: "two_audiences")
    }
    return resource
  }

  private static func malformed(_ why: String) -> Refusal { Refusal(.invalidRequest(why), cause: "form") }

  /// The text of a name or value (RFC 6749 appendix B); nil when it isn't percent-encoded UTF-8.
  static func decode(_ encoded: ArraySlice<UInt8>) -> String? {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(encoded.count)
    var index = encoded.startIndex
    while index < encoded.endIndex {
      switch encoded[index] {
      case UInt8(ascii: "+"): bytes.append(UInt8(ascii: " "))
      case UInt8(ascii: "%"):
        guard index + 2 < encoded.endIndex, let high = digit(encoded[index + 1]), let low = digit(encoded[index + 2])
        else { return nil }
        bytes.append(high << 4 | low)
        index += 2
      case let byte: bytes.append(byte)
      }
      index += 1
    }
    return String(validating: bytes, as: UTF8.self)
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
