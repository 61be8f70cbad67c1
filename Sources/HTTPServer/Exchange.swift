// One request and its answer, as endpoints see them.
//
// It owns the buffers and is taken from its loop's pool when a request's first byte arrives and given back when the
// connection is idle, so a request costs no allocation and an idle connection holds no buffer. Confined to its loop;
// an endpoint must not keep it after it has returned.

import OpenSSL
package import Reactor

/// A request and its answer, in flight.
/// A request, and the answer to it.
package final class Exchange {
  /// The loop the request lives on, for sleeping.
  package let loop: EventLoop
  /// Where the request comes from: the other end of the connection, or what a trusted proxy says of it.
  package var client: PeerAddress { source }
  /// Whether it came over TLS, to this server or to a trusted proxy.
  package var isSecure: Bool { cameSecurely }
  /// For the access log, set by endpoints.
  package var userID: String? {
    get { told.userID }
    set { told.userID = newValue }
  }
  /// The session concerned.
  package var sessionID: String? {
    get { told.sessionID }
    set { told.sessionID = newValue }
  }
  /// The OAuth client concerned.
  package var clientID: String? {
    get { told.clientID }
    set { told.clientID = newValue }
  }
  /// Our word for why it was refused.
  package var cause: String? {
    get { told.cause }
    set { told.cause = newValue }
  }

  // Stored apart from what other modules see, whose every use would be checked for exclusive access: 63 instructions.
  var source = PeerAddress(ipv4: 0)
  var cameSecurely = false
  private var told = Told()

  /// What endpoints say for the access log.
  private struct Told {
    var userID: String?
    var sessionID: String?
    var clientID: String?
    var cause: String?
  }

  let input = Buffer()
  let output = Buffer()
  let parser = RequestParser()
  var parameters: [Span] = []
  var routeIndex = -1
  var startedAt = 0
  /// Holds it in turn while it is in the pool, until the loop has ended.
  let worker: Worker
  var routes: RouteTable
  /// The one below it in the pool.
  var nextInPool: Exchange?
  var peer = PeerAddress(ipv4: 0)
  var isFromProxy = false
  var tls: TLSStream?

  /// Response fields added by endpoints, rendered.
  let extra = Buffer()
  var mustClose = false
  /// The answer while it goes on without a length.
  var stream: ResponseStream?
  /// The answer's status; 0 while there is none.
  private(set) var status = 0
  private(set) var bodySent = 0
  private let identifier: UnsafeMutableRawBufferPointer
  private var identifierLength = 0

  init(worker: Worker, routes: RouteTable, loop: EventLoop) {
    self.worker = worker
    self.routes = routes
    self.loop = loop
    identifier = .allocate(byteCount: 64, alignment: 8)
  }

  deinit { identifier.deallocate() }

  /// Readies for answering the request which the parser holds.
  func begin(at microseconds: Int) {
    startedAt = microseconds
    status = 0
    bodySent = 0
    routeIndex = -1
    mustClose = !parser.keepsAlive
    if !extra.isEmpty { extra.clear() }
    if told.userID != nil { told.userID = nil }
    if told.sessionID != nil { told.sessionID = nil }
    if told.clientID != nil { told.clientID = nil }
    if told.cause != nil { told.cause = nil }
    locate()
    identify()
  }

  /// The client's request id where it is a harmless one, else one of our own.
  private func identify() {
    let length = withField(.xRequestID) { value in
      guard isRequestID(value) else { return 0 }
      identifier.copyMemory(from: value)
      return value.count
    }
    if let length, length > 0 { return identifierLength = length }
    worker.random.fill(identifier)
    identifierLength = 22
  }

  var isAnswered: Bool { status != 0 }

  /// Whether the connection ends with this answer.
  var closes: Bool { mustClose || worker.isDraining }

  func begin(answer status: Int) -> Bool {
    guard self.status == 0 else {
      // A mistake in an endpoint: ignored, but seen.
      worker.count(.requestErrors, "answered_twice")
      return false
    }
    self.status = status
    return true
  }

  func sent(_ bytes: Int) { bodySent = bytes }
}

/// `[A-Za-z0-9_-]{8,64}`: nothing that could break a log or a header field.
func isRequestID(_ value: UnsafeRawBufferPointer) -> Bool {
  guard (8...64).contains(value.count) else { return false }
  return value.allSatisfy { $0.isLetter || $0.isDigit || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-") }
}

// The request.
extension Exchange {
  /// The request's method.
  package var method: Method { parser.method }

  /// The name of the route that matched; empty when none did.
  package var route: String { routeIndex >= 0 ? routes.router.routes[routeIndex].name : "" }

  /// The path as it came, percent-encoded and without the query.
  package var path: String { withPath { String(decoding: $0, as: UTF8.self) } }

  /// Runs `body` with the path's bytes. An absolute-form target without a path means `/` (RFC 9112 3.2.1).
  package func withPath<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R {
    if parser.path.isEmpty {
      let root: StaticString = "/"
      return body(UnsafeRawBufferPointer(start: root.utf8Start, count: 1))
    }
    return body(raw[parser.path])
  }

  /// The path parameter at `index`, percent-decoded; empty when the route has fewer.
  package func parameter(_ index: Int) -> String {
    guard index < parameters.count else { return "" }
    return withPath { percentDecoded($0[parameters[index]], plusIsSpace: false) }
  }

  /// The first query parameter of that name, percent-decoded; nil when absent.
  package func query(_ name: String) -> String? { queries(name).first }

  /// Every query parameter of that name, percent-decoded.
  package func queries(_ name: String) -> [String] {
    guard let query = parser.query else { return [] }
    var values: [String] = []
    for pair in raw[query].split(separator: UInt8(ascii: "&")) {
      let end = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
      let key = UnsafeRawBufferPointer(rebasing: pair[..<end])
      guard percentDecoded(key, plusIsSpace: true) == name else { continue }
      let value = UnsafeRawBufferPointer(rebasing: pair[min(end + 1, pair.endIndex)...])
      values.append(percentDecoded(value, plusIsSpace: true))
    }
    return values
  }

  /// The value of a field; several of a list-valued one are joined (RFC 9110 5.3). Nil when absent.
  package func field(_ name: KnownField) -> String? {
    let bit = UInt32(1) << UInt32(name.rawValue)
    guard parser.present & bit != 0 else { return nil }
    if parser.repeated & bit == 0 { return withField(name) { String(decoding: $0, as: UTF8.self) } }
    let values = parser.fields.filter { $0.known == name }.map { String(decoding: raw[$0.value], as: UTF8.self) }
    return values.joined(separator: name == .cookie ? "; " : ", ")
  }

  /// The first field of any other name, without regard to case; nil when absent.
  package func field(named name: String) -> String? {
    let wanted = Array(name.utf8).map(\.lowercased)
    for field in parser.fields where field.name.count == wanted.count {
      if raw[field.name].lazy.map(\.lowercased).elementsEqual(wanted) {
        return String(decoding: raw[field.value], as: UTF8.self)
      }
    }
    return nil
  }

  /// Runs `body` with the bytes of a field's first value, without an allocation; nil when absent.
  package func withField<R>(_ name: KnownField, _ body: (UnsafeRawBufferPointer) -> R) -> R? {
    guard parser.present & UInt32(1) << UInt32(name.rawValue) != 0 else { return nil }
    if name == .host, let authority = parser.authority { return body(raw[authority]) }
    for field in parser.fields where field.known == name { return body(raw[field.value]) }
    return nil
  }

  /// Runs `body` with the request's body.
  package func withBody<R, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
    try body(raw[parser.body])
  }

  /// The body's length in bytes, joined if it was chunked.
  package var bodyLength: Int { parser.body.count }

  /// The request's id, for error bodies and logs.
  package var requestID: String { withRequestID { String(decoding: $0, as: UTF8.self) } }

  /// Runs `body` with the request's id, without an allocation.
  /// Runs `body` with the request id's bytes, without an allocation.
  package func withRequestID<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R {
    body(UnsafeRawBufferPointer(rebasing: identifier[..<identifierLength]))
  }

  private var raw: UnsafeRawBufferPointer { UnsafeRawBufferPointer(input.bytes) }
}
