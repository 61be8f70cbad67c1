// libcurl, opened when first needed and never closed.

import CCurl

/// The library's functions.
///
/// `@unchecked Sendable`: the table is filled before anybody gets it and never changes.
final class CurlLibrary: @unchecked Sendable {
  let functions: UnsafePointer<signet_curl>

  /// The one that the process has, or why it has none; found out once.
  static let shared = Result { () throws(HTTPFailure) in try CurlLibrary() }

  private init() throws(HTTPFailure) {
    let table = UnsafeMutablePointer<signet_curl>.allocate(capacity: 1)
    table.initialize(to: signet_curl())
    if let reason = signet_curl_open(table) {
      defer { table.deallocate() }
      throw HTTPFailure(.library, String(cString: reason))
    }
    functions = UnsafePointer(table)
  }
}

extension HTTPFailure {
  /// What a transfer ended with; `detail` is libcurl's own sentence, where it left one.
  init(_ code: CURLcode, _ detail: String, _ library: CurlLibrary) {
    let text = library.functions.pointee.easy_strerror(code).map { String(cString: $0) } ?? ""
    self.init(Self.cause(code), detail.isEmpty ? text : detail)
  }

  private static func cause(_ code: CURLcode) -> Cause {
    switch code {
    case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: .unknownHost
    case CURLE_COULDNT_CONNECT: .unreachable
    case CURLE_OPERATION_TIMEDOUT: .timedOut
    case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS: .untrusted
    case CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CIPHER, CURLE_SSL_ENGINE_INITFAILED,
      CURLE_USE_SSL_FAILED:
      .tls
    case CURLE_ABORTED_BY_CALLBACK: .cancelled
    case CURLE_UNSUPPORTED_PROTOCOL, CURLE_WEIRD_SERVER_REPLY, CURLE_PARTIAL_FILE, CURLE_GOT_NOTHING,
      CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_BAD_CONTENT_ENCODING, CURLE_WRITE_ERROR, CURLE_HTTP2:
      .badAnswer
    default: .failed
    }
  }
}
