// OpenSSL's named parameters for one call. They point at their values, so both live inside a closure.

import COpenSSL

/// One named parameter.
enum Parameter {
  /// A text which lasts, the name of a digest for one.
  case text(ParameterName, ParameterName)
  /// Bytes that the caller keeps alive for the call.
  case bytes(ParameterName, UnsafeRawBufferPointer)
}

/// Calls `body` with the parameters in OpenSSL's form.
func withParameters<Value>(_ parameters: [Parameter], _ body: (UnsafePointer<OSSL_PARAM>) -> Value) -> Value {
  let list =
    parameters.map { parameter in
      // OpenSSL reads what these point at and never writes; its type only lacks the word const.
      switch parameter {
      case .text(let name, let value):
        OSSL_PARAM_construct_utf8_string(name.pointer, UnsafeMutablePointer(mutating: value.pointer), 0)
      case .bytes(let name, let value):
        OSSL_PARAM_construct_octet_string(
          name.pointer, UnsafeMutableRawPointer(mutating: value.baseAddress), value.count)
      }
    } + [OSSL_PARAM_construct_end()]
  return list.withUnsafeBufferPointer { list in
    guard let start = list.baseAddress else { preconditionFailure("a list with an end has a start") }
    return body(start)
  }
}
