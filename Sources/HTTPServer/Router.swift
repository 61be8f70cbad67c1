// The table from method and path to endpoint, one for each loop and listener.
//
// Paths are compared byte by byte as they came: an encoded or dotted variant of a path is another path, so that a
// proxy's rules and ours can't read the same target differently. Paths without parameters are found by their length.

/// What answers a request.
package enum Endpoint {
  /// Answers at once, on the loop; must not block.
  case immediate((Exchange) -> Void)
  /// May suspend; runs on the loop's actor.
  case deferred((Exchange) async -> Void)
}

/// One method and path with its endpoint.
package struct Route {
  let method: Method
  let path: String
  let name: String
  let endpoint: Endpoint

  /// - Parameters:
  ///   - path: `/v1/sessions/{id}`; what stands in braces matches one segment which isn't empty.
  ///   - name: what logs and metrics call it, since paths can hold secrets.
  package init(_ method: Method, _ path: String, name: String, _ endpoint: Endpoint) {
    self.method = method
    self.path = path
    self.name = name
    self.endpoint = endpoint
  }
}

/// The routes of a listener on one loop.
/// Finds the endpoint of a request.
package final class Router {
  /// All routes of one path.
  private final class Place {
    let path: [UInt8]
    /// Literal segments, nil for a parameter; empty for a path without parameters.
    let segments: [[UInt8]?]
    var routes: [(method: Method, index: Int)] = []
    var allowed: [Method] = []
    var allowText = ""

    init(path: [UInt8], segments: [[UInt8]?]) {
      self.path = path
      self.segments = segments
    }

    /// Whether it is the place of this literal path.
    func isAt(_ path: UnsafeRawBufferPointer) -> Bool { self.path.withUnsafeBytes { $0.equals(path) } }
  }

  let routes: [Route]
  /// By their length.
  private let literals: [[Place]]
  private let patterns: [Place]
  private let prepare: (Exchange, [Method]) -> Bool
  private let failure: (HTTPError, Exchange) -> Void

  /// - Parameters:
  ///   - prepare: runs after matching and before the endpoint, also for 404, 405 and OPTIONS; true when it answered.
  ///   - failure: writes the body of an error which the server itself found.
  package init(
    _ routes: [Route], prepare: @escaping (Exchange, _ allowed: [Method]) -> Bool,
    failure: @escaping (HTTPError, Exchange) -> Void
  ) {
    self.routes = routes
    self.prepare = prepare
    self.failure = failure
    var literals: [[Place]] = []
    var patterns: [Place] = []
    for (index, route) in routes.enumerated() { Self.add(route, index, &literals, &patterns) }
    self.literals = literals
    self.patterns = patterns
  }

  private static func add(_ route: Route, _ index: Int, _ literals: inout [[Place]], _ patterns: inout [Place]) {
    let path = Array(route.path.utf8)
    let segments = path.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map { segment in
      segment.first == UInt8(ascii: "{") ? nil : Array(segment)
    }
    if segments.contains(where: { $0 == nil }) {
      add(route.method, index, Place(path: path, segments: segments), to: &patterns)
    } else {
      while literals.count <= path.count { literals.append([]) }
      add(route.method, index, Place(path: path, segments: []), to: &literals[path.count])
    }
  }

  private static func add(_ method: Method, _ index: Int, _ place: Place, to places: inout [Place]) {
    // Two patterns are one place when they differ in their parameters' names only.
    let same = places.firstIndex { $0.segments == place.segments && (!$0.segments.isEmpty || $0.path == place.path) }
    let position = same ?? places.count
    if same == nil { places.append(place) }
    let place = places[position]
    place.routes = place.routes + [(method, index)]
    place.allowed = place.allowed + [method]
    // RFC 9110 9.3.2: what answers GET answers HEAD.
    if method == .get { place.allowed = place.allowed + [.head] }
    let names = (place.allowed + [.options]).map { "\($0.name)" }
    place.allowText = names.joined(separator: ", ")
  }

  /// Finds the endpoint for a request; nil when the answer is written already. Sets the route and its parameters.
  func select(_ exchange: Exchange) -> Endpoint? {
    guard let place = find(exchange) else {
      let all: [Method] = exchange.parser.isAsterisk ? Method.allCases.filter { $0 != .trace } : []
      if prepare(exchange, all) { return nil }
      // RFC 9110 9.3.7: `OPTIONS *` asks about the server as a whole.
      if exchange.parser.isAsterisk {
        exchange.add("Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS")
        exchange.respond(204)
      } else {
        failure(.notFound, exchange)
      }
      return nil
    }
    let wanted = exchange.method == .head ? Method.get : exchange.method
    let found = place.routes.first { $0.method == wanted }?.index
    if let found { exchange.routeIndex = found }
    if prepare(exchange, place.allowed) { return nil }
    if let found { return routes[found].endpoint }
    // RFC 9110 15.5.6: a 405 must carry Allow.
    exchange.add("Allow", place.allowText)
    if exchange.method == .options {
      exchange.respond(204)
    } else {
      failure(.methodNotAllowed(place.allowed), exchange)
    }
    return nil
  }

  /// Has the API write an error's body; answers without one if it doesn't.
  func fail(_ error: HTTPError, _ exchange: Exchange) {
    failure(error, exchange)
    if !exchange.isAnswered { exchange.respond(error.status) }
  }

  private func find(_ exchange: Exchange) -> Place? {
    exchange.withPath { path in
      if path.count < literals.count {
        for place in literals[path.count] where place.isAt(path) { return place }
      }
      for place in patterns where match(place, path, exchange) { return place }
      return nil
    }
  }

  private func match(_ place: Place, _ path: UnsafeRawBufferPointer, _ exchange: Exchange) -> Bool {
    exchange.parameters.removeAll(keepingCapacity: true)
    var start = 0
    for (number, segment) in place.segments.enumerated() {
      guard start <= path.count else { return false }
      var end = start
      while end < path.count, path[end] != UInt8(ascii: "/") { end += 1 }
      if let segment {
        guard path[start..<end].elementsEqual(segment) else { return false }
      } else {
        guard end > start else { return false }
        exchange.parameters.append(Span(start, end))
      }
      if number == place.segments.count - 1 { return end == path.count }
      start = end + 1
    }
    return false
  }
}
