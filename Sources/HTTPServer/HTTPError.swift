// What is wrong with a request as HTTP, by cause: the status, whether the connection can go on, and a sentence for
// whoever wrote the client. The shape of the body belongs to the API.

/// Why a request was refused as HTTP.
/// A request that is refused as HTTP (RFC 9110, RFC 9112).
package enum HTTPError: Error, Equatable, Sendable {
  case badRequestLine, badTarget, badVersion, versionNotSupported, methodNotImplemented, targetTooLong
  case bareLineFeed, badFieldName, badFieldValue, lineFolding, repeatedField, headTooLarge, tooManyFields
  case missingHost, badHost, badContentLength, lengthAndTransferCoding, badTransferCoding, transferCodingNotImplemented
  case expectationFailed, badChunk, bodyTooLarge, headTimeout, bodyTimeout
  case notFound, methodNotAllowed([Method]), noAnswer, tooManyConnections

  /// The status it is answered with.
  package var status: Int {
    switch self {
    case .badRequestLine, .badTarget, .badVersion, .bareLineFeed, .badFieldName, .badFieldValue, .lineFolding,
      .repeatedField, .missingHost, .badHost, .badContentLength, .lengthAndTransferCoding, .badTransferCoding,
      .badChunk:
      400
    case .notFound: 404
    case .methodNotAllowed: 405
    case .headTimeout, .bodyTimeout: 408
    case .bodyTooLarge: 413
    case .targetTooLong: 414
    case .expectationFailed: 417
    case .headTooLarge, .tooManyFields: 431
    case .noAnswer: 500
    case .tooManyConnections: 503
    case .methodNotImplemented, .transferCodingNotImplemented: 501
    case .versionNotSupported: 505
    }
  }

  /// Whether the connection ends with the answer, since where the next request begins is in doubt.
  package var mustClose: Bool {
    switch self {
    case .notFound, .methodNotAllowed, .noAnswer: false
    default: true
    }
  }

  /// One word for metrics and logs.
  package var cause: String {
    switch self {
    case .badRequestLine: "bad_request_line"
    case .badTarget: "bad_target"
    case .badVersion: "bad_version"
    case .versionNotSupported: "version_not_supported"
    case .methodNotImplemented: "method_not_implemented"
    case .targetTooLong: "target_too_long"
    case .bareLineFeed: "bare_line_feed"
    case .badFieldName: "bad_field_name"
    case .badFieldValue: "bad_field_value"
    case .lineFolding: "line_folding"
    case .repeatedField: "repeated_field"
    case .headTooLarge: "head_too_large"
    case .tooManyFields: "too_many_fields"
    case .missingHost: "missing_host"
    case .badHost: "bad_host"
    case .badContentLength: "bad_content_length"
    case .lengthAndTransferCoding: "length_and_transfer_coding"
    case .badTransferCoding: "bad_transfer_coding"
    case .transferCodingNotImplemented: "transfer_coding_not_implemented"
    case .expectationFailed: "expectation_failed"
    case .badChunk: "bad_chunk"
    case .bodyTooLarge: "body_too_large"
    case .headTimeout: "head_timeout"
    case .bodyTimeout: "body_timeout"
    case .notFound: "not_found"
    case .methodNotAllowed: "method_not_allowed"
    case .noAnswer: "no_answer"
    case .tooManyConnections: "too_many_connections"
    }
  }

  /// What is wrong, why, and the mend, without a quotation mark or a backslash.
  package var sentence: String {
    switch self {
    case .badRequestLine: "The request line is malformed; write METHOD /path HTTP/1.1."
    case .badTarget: "The request target is malformed; percent-encode what a path or query may not hold."
    case .badVersion: "The HTTP version is malformed; write HTTP/1.1."
    case .versionNotSupported: "Only HTTP/1.1 and HTTP/1.0 are spoken here."
    case .methodNotImplemented: "The method is not implemented; methods are written in capitals."
    case .targetTooLong: "The request target is too long; send data in the body."
    case .bareLineFeed: "A line does not end with CR LF."
    case .badFieldName: "A header field's name is malformed; no space may stand before the colon."
    case .badFieldValue: "A header field's value holds a control character."
    case .lineFolding: "A header field is folded over several lines; write it in one."
    case .repeatedField: "A header field which may stand once was sent more than once."
    case .headTooLarge: "The header fields are too large together; send fewer or smaller cookies."
    case .tooManyFields: "There are too many header fields."
    case .missingHost: "The Host header field is missing; HTTP/1.1 requires it."
    case .badHost: "The Host header field is malformed; write host or host:port."
    case .badContentLength: "Content-Length is not a decimal number."
    case .lengthAndTransferCoding: "Content-Length and Transfer-Encoding exclude each other."
    case .badTransferCoding: "Transfer-Encoding is malformed or not allowed here; send chunked alone, with HTTP/1.1."
    case .transferCodingNotImplemented: "Only the transfer coding chunked is implemented."
    case .expectationFailed: "Only the expectation 100-continue is known."
    case .badChunk: "The chunked body is malformed."
    case .bodyTooLarge: "The body is too large."
    case .headTimeout: "The request's head did not arrive in time."
    case .bodyTimeout: "The request's body did not arrive in time."
    case .notFound: "There is nothing at this path."
    case .methodNotAllowed: "The method is not allowed here; the Allow field names those that are."
    case .noAnswer: "The server failed to answer."
    case .tooManyConnections: "There are too many connections at the moment; try again."
    }
  }
}
