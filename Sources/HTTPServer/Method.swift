// The methods Signet knows (RFC 9110 9). Names are case-sensitive.

/// A request method.
package enum Method: UInt8, Equatable, Sendable, CaseIterable {
  case get, head, post, put, patch, delete, options
  /// Known, so that it is 405; no route has it.
  case trace

  /// The method as it stands in a request line.
  package var name: StaticString {
    switch self {
    case .get: "GET"
    case .head: "HEAD"
    case .post: "POST"
    case .put: "PUT"
    case .patch: "PATCH"
    case .delete: "DELETE"
    case .options: "OPTIONS"
    case .trace: "TRACE"
    }
  }

  /// The method of that name; nil for one that isn't implemented.
  init?(_ bytes: UnsafeRawBufferPointer) {
    for method in Method.allCases where bytes.equals(method.name) {
      self = method
      return
    }
    return nil
  }
}
