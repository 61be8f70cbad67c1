// One libcurl handle: a request with every setting that decides what may happen, performed on the calling thread.

import CCurl

/// A handle, which keeps its connection for the next request.
///
/// `@unchecked Sendable`: one owner at a time; it moves between threads through a monitor only.
final class CurlHandle: @unchecked Sendable {
  private let library: CurlLibrary
  private let handle: UnsafeMutableRawPointer

  init(_ library: CurlLibrary) throws(HTTPFailure) {
    guard let handle = library.functions.pointee.easy_init() else { throw HTTPFailure(.failed, "curl_easy_init") }
    self.library = library
    self.handle = handle
  }

  deinit { library.functions.pointee.easy_cleanup(handle) }

  /// Asks, and waits for the whole answer; throws what came instead.
  func get(_ request: HTTPRequest, _ options: HTTPOptions, _ cancellation: Cancellation) throws(HTTPFailure)
    -> HTTPAnswer
  {
    let transfer = Transfer(largestBody: options.largestBody, cancellation)
    let status = try perform(request, options, transfer)
    return HTTPAnswer(status: status, fields: transfer.fields, body: transfer.body)
  }

  /// Asks, and hands over what comes until it ends.
  func stream(
    _ request: HTTPRequest, _ options: HTTPOptions, _ cancellation: Cancellation, _ take: @escaping Transfer.Sink
  ) throws(HTTPFailure) {
    let transfer = Transfer(largestBody: 0, cancellation, sink: take)
    do throws(HTTPFailure) { _ = try perform(request, options, transfer) } catch {
      guard transfer.isEnough else { throw error }
    }
  }

  /// Makes the request; the answer's status.
  private func perform(
    _ request: HTTPRequest, _ options: HTTPOptions, _ transfer: Transfer
  ) throws(HTTPFailure) -> Int {
    library.functions.pointee.easy_reset(handle)
    var fields: UnsafeMutablePointer<curl_slist>?
    defer { library.functions.pointee.slist_free_all(fields) }
    for field in request.fields { fields = try append(field, to: fields) }
    let words = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))
    words.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    defer {
      // What it holds on to ends here: the next request sets everything anew.
      library.functions.pointee.easy_reset(handle)
      words.deallocate()
    }
    try check(signet_curl_buffer(library.functions, handle, words))
    try check(signet_curl_fields(library.functions, handle, fields))
    try prepare(request)
    try prepare(options)
    if let patience = request.patience { try wait(patience) }
    let code = withExtendedLifetime(transfer) { perform($0) }
    if let overflow = transfer.overflow { throw HTTPFailure(overflow) }
    guard code == CURLE_OK else { throw HTTPFailure(code, String(cString: words), library) }
    return signet_curl_status(library.functions, handle)
  }

  /// Ends the transfer by silence alone: less than a byte a second for so many seconds.
  private func wait(_ patience: Int) throws(HTTPFailure) {
    try set(CURLOPT_TIMEOUT_MS, 0)
    try set(CURLOPT_LOW_SPEED_LIMIT, 1)
    try set(CURLOPT_LOW_SPEED_TIME, patience)
  }

  private func perform(_ transfer: Transfer) -> CURLcode {
    let context = Unmanaged.passUnretained(transfer).toOpaque()
    let code = signet_curl_callbacks(
      library.functions, handle, Transfer.takeHead, Transfer.takeBody, Transfer.goesOn, context)
    return code == CURLE_OK ? library.functions.pointee.easy_perform(handle) : code
  }

  private func prepare(_ request: HTTPRequest) throws(HTTPFailure) {
    try set(CURLOPT_URL, request.url.description)
    try check(signet_curl_protocols(library.functions, handle, request.url.isSecure ? 1 : 0))
    if let path = request.socket { try set(CURLOPT_UNIX_SOCKET_PATH, path) }
    if let form = request.form { try set(CURLOPT_COPYPOSTFIELDS, form) }
    try set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
    try set(CURLOPT_HTTP09_ALLOWED, 0)
    // A redirect would let the server choose what is fetched and believed (RFC 8725 3.10 is about such choices).
    try set(CURLOPT_FOLLOWLOCATION, 0)
    // Signals belong to the program; this thread has them all blocked, SIGPIPE with them.
    try set(CURLOPT_NOSIGNAL, 1)
    signet_curl_leave_resolver(library.functions, handle)
  }

  private func prepare(_ options: HTTPOptions) throws(HTTPFailure) {
    try set(CURLOPT_USERAGENT, options.userAgent)
    try set(CURLOPT_TIMEOUT_MS, options.timeout)
    try set(CURLOPT_CONNECTTIMEOUT_MS, options.connectTimeout)
    // An empty name rules the environment's proxies out.
    if !options.usesEnvironmentProxies { try set(CURLOPT_PROXY, "") }
    try set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
    let isChecked = options.trust == .anyone ? 0 : 1
    try set(CURLOPT_SSL_VERIFYPEER, isChecked)
    try set(CURLOPT_SSL_VERIFYHOST, isChecked * 2)
    if case .authorities(let file) = options.trust {
      try set(CURLOPT_CAINFO, file)
      // Else the system's folder of authorities would count as well.
      try set(CURLOPT_CAPATH, nil)
    }
  }

  private func append(
    _ field: HTTPField, to list: UnsafeMutablePointer<curl_slist>?
  ) throws(HTTPFailure) -> UnsafeMutablePointer<curl_slist> {
    let line = "\(field.name): \(field.value)"
    guard line.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else { throw HTTPFailure(.failed, "a field's value") }
    guard let longer = library.functions.pointee.slist_append(list, line) else { throw HTTPFailure(.failed, "memory") }
    return longer
  }

  private func set(_ option: CURLoption, _ value: Int) throws(HTTPFailure) {
    try check(signet_curl_number(library.functions, handle, option, value))
  }

  private func set(_ option: CURLoption, _ value: String?) throws(HTTPFailure) {
    try check(signet_curl_text(library.functions, handle, option, value))
  }

  private func check(_ code: CURLcode) throws(HTTPFailure) {
    guard code == CURLE_OK else { throw HTTPFailure(code, "", library) }
  }
}
