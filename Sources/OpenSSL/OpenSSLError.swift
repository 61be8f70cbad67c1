// What a refused OpenSSL call leaves behind: which call, and OpenSSL's fixed text for the reason. Never data.

import COpenSSL

/// A failed call into OpenSSL.
package struct OpenSSLError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The C function's name.
  package let call: String
  /// OpenSSL's own text for the reason, or "no reason given".
  package let reason: String

  package var description: String { "\(call): \(reason)" }

  init(call: String, reason: String) {
    self.call = call
    self.reason = reason
  }

  /// Takes the reason from this thread's error queue and empties the queue, so that no later failure finds it there.
  init(_ call: String) {
    let text = ERR_reason_error_string(ERR_get_error())
    self.init(call: call, reason: text.map { String(cString: $0) } ?? "no reason given")
    ERR_clear_error()
  }

  /// Throws unless `result` is OpenSSL's 1.
  static func check(_ result: Int32, _ call: String) throws(OpenSSLError) {
    if result != 1 { throw OpenSSLError(call) }
  }

  /// The object, or why OpenSSL did not make it.
  static func unwrap<Object>(_ object: Object?, _ call: String) throws(OpenSSLError) -> Object {
    guard let object else { throw OpenSSLError(call) }
    return object
  }
}
